# Installs a formula as Homebrew does on Linux with an Intel processor: homebrew.rb FORMULA RELEASE KEG.
# The archive comes from the folder RELEASE instead of its address. Prints its name.
require "digest"
require "fileutils"
require "pathname"
require "tmpdir"

class Keg < Pathname
  def install(*names)
    FileUtils.mv(names, self)
  end
end

class Formula
  class << self
    attr_reader :sources

    def url(address) = (@sources = { url: address })

    def sha256(sum) = @sources[:sha256] = sum

    def on_linux = yield

    def on_intel = yield

    %i[desc homepage version license on_macos on_arm test].each { |name| define_method(name) { |*| } }
  end

  def prefix = Keg.new(ARGV[2])
end

formula = File.expand_path(ARGV[0])
load formula
address, sum = Dnx.sources.values_at(:url, :sha256)
archive = File.expand_path(File.join(ARGV[1], File.basename(address)))
abort "The checksum is wrong." unless Digest::SHA256.file(archive).hexdigest == sum
Dir.mktmpdir do |stage|
  Dir.chdir(stage) do
    system("tar", "-xzf", archive, exception: true)
    Dnx.new.install
  end
end
puts File.basename(address)
