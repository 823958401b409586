/** The Homebrew formula of a release: installs its tarball on Homebrew's Node, with completions and man pages. */
export const formula = ({ description, repository, version, file, sha256 }) => `class Dnx < Formula
  desc "${description}"
  homepage "${repository}"
  url "${repository}/releases/download/v${version}/${file}"
  sha256 "${sha256}"
  license "MIT"

  depends_on "node"

  def install
    system "npm", "install", *std_npm_args
    bin.install_symlink libexec.glob("bin/*")
    package = libexec/"lib/node_modules/deploynix-cli"
    bash_completion.install_symlink package/"completions/dnx.bash" => "dnx"
    zsh_completion.install_symlink package/"completions/_dnx"
    fish_completion.install_symlink package/"completions/dnx.fish"
    man1.install_symlink package.glob("man/*.1")
    man7.install_symlink package.glob("man/*.7")
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/dnx --version")
    assert_match "web-1", shell_output("#{bin}/dnx sandbox run -- #{bin}/dnx server list")
  end
end
`;
