# Completion of dnx for PowerShell 7 and Windows PowerShell 5.1. dnx says what to offer.
Register-ArgumentCompleter -Native -CommandName dnx, deploynix, deploynix-cli -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $words = @($commandAst.CommandElements | Where-Object { $_.Extent.EndOffset -lt $cursorPosition } | ForEach-Object {
      if ($_ -is [System.Management.Automation.Language.StringConstantExpressionAst]) { $_.Value } else { $_.ToString() }
    }) + $wordToComplete.Trim("'", '"')
  # Windows PowerShell passes on neither quotes nor empty words.
  $encoded = [Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes(($words | Select-Object -Skip 1) -join "`n"))
  & $words[0] __complete powershell "$encoded" 2>$null | ForEach-Object {
    $offer = $_ | ConvertFrom-Json
    [System.Management.Automation.CompletionResult]::new($offer.word, $offer.name, 'ParameterValue', $offer.help)
  }
}
