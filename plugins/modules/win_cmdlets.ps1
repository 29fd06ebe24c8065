#!powershell

# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

# Windows PowerShell's own version; and without such a line Ansible does not take a file for one of its PowerShell modules.
#Requires -Version 5.1

# Runs a batch of calls; docs/cmdlet-batch.md is its documentation. Nothing in here evaluates text.

$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'

$refused = @(
    'Invoke-Expression', 'Invoke-Command', 'Invoke-History', 'Invoke-Item', 'Start-Process', 'Start-Job', 'Start-ThreadJob',
    'New-PSSession', 'Enter-PSSession', 'Add-Type', 'Import-Module', 'New-Module', 'New-Alias', 'Set-Alias',
    'ForEach-Object', 'Where-Object', 'Register-ScheduledJob', 'Set-PSBreakpoint', 'Set-Variable'
)
$outputs = @{}

function New-Failure([string]$Id, [string]$Message) {
    New-Object Management.Automation.ErrorRecord (New-Object InvalidOperationException $Message), $Id, 'InvalidOperation', $null
}

function ConvertFrom-Base64([string]$Text) { [Text.Encoding]::Unicode.GetString([Convert]::FromBase64String($Text)) }

function ConvertTo-Secret([string]$Text) {
    $secret = New-Object Security.SecureString
    foreach ($character in (ConvertFrom-Base64 $Text).ToCharArray()) { $secret.AppendChar($character) }
    , $secret
}

# Looks a property up on the object itself: PowerShell answers $null for one that is not there.
function Get-Property($Object, [string]$Path) {
    $optional = $Path.EndsWith('?')
    foreach ($name in $Path.TrimEnd('?').Split('.')) {
        if ($name -eq '$value') { return , $Object }
        if ($null -eq $Object) { return $null }
        if ($Object -is [Collections.IDictionary]) {
            $found = $Object.Contains($name)
            $next = $Object[$name]
        } else {
            $property = $Object.PSObject.Properties[$name]
            $found = $null -ne $property
            $next = if ($found) { , $property.Value } else { $null }
        }
        if (-not $found -and $optional) { return $null }
        if (-not $found) { throw (New-Failure 'PropertyNotFound' "$($Object.GetType().FullName) has no property '$name'.") }
        $Object = $next
    }
    , $Object
}

function Resolve-Reference($Reference) {
    $found = @($outputs[[string]$Reference.'$ref'] | & { process { if ($null -ne $_) { $_ } } })
    foreach ($condition in $Reference.where.PSObject.Properties) {
        $wanted = Resolve-Value $condition.Value
        $found = @($found | & { process { if ((Format-Value (Get-Property $_ $condition.Name)) -eq $wanted) { $_ } } })
    }
    if (-not $found.Count) { throw (New-Failure 'ReferenceEmpty' "The reference to '$($Reference.'$ref')' yields no object.") }
    if ($Reference.property) { $found = @($found | & { process { Get-Property $_ $Reference.property } }) }
    if ($found.Count -eq 1) { return , $found[0] }
    , $found
}

function Resolve-Value($Value) {
    if ($Value -is [array]) { return , @($Value | & { process { Resolve-Value $_ } }) }
    if ($Value -isnot [Management.Automation.PSCustomObject]) { return , $Value }
    $tags = @($Value.PSObject.Properties.Name)
    if ($tags -contains '$text') { return ConvertFrom-Base64 $Value.'$text' }
    if ($tags -contains '$plain_secret') { return ConvertFrom-Base64 $Value.'$plain_secret' }
    if ($tags -contains '$bytes') { return , [Convert]::FromBase64String($Value.'$bytes') }
    if ($tags -contains '$secret') { return ConvertTo-Secret $Value.'$secret' }
    if ($tags -contains '$ref') { return Resolve-Reference $Value }
    if ($tags -contains '$credential') {
        $arguments = @((Resolve-Value $Value.'$credential'), (ConvertTo-Secret $Value.password))
        return New-Object Management.Automation.PSCredential $arguments
    }
    $table = @{}
    foreach ($entry in $Value.PSObject.Properties) { $table[$entry.Name] = Resolve-Value $entry.Value }
    , $table
}

# Windows PowerShell 5.1 would write enums as numbers, dates as /Date()/ and strings with their note properties.
function Format-Value($Value) {
    if ($null -eq $Value) { return $null }
    $Value = $Value.PSObject.BaseObject
    if ($Value -is [enum]) { return $Value.ToString() }
    if ($Value -is [bool] -or ($Value -is [ValueType] -and $Value.GetType().IsPrimitive -and $Value -isnot [char])) { return $Value }
    if ($Value -is [decimal]) { return $Value }
    if ($Value -is [datetime]) { return $Value.ToUniversalTime().ToString('o') }
    if ($Value -is [timespan]) { return $Value.TotalSeconds }
    if ($Value -is [byte[]]) { return @{ '$bytes' = [Convert]::ToBase64String($Value) } }
    if ($Value -is [Security.SecureString] -or $Value -is [Management.Automation.PSCredential]) { return '********' }
    if ($Value -is [Collections.IDictionary]) {
        $table = @{}
        foreach ($key in $Value.Keys) { $table[[string]$key] = Format-Value $Value[$key] }
        return $table
    }
    if ($Value -is [Collections.IEnumerable] -and $Value -isnot [string]) {
        return , @($Value | & { process { Format-Value $_ } })
    }
    [string]$Value
}

function Get-Output($Call) {
    if (-not $Call.properties) { return , @() }
    , @($outputs[$Call.id] | & { process {
                $row = @{}
                foreach ($property in $Call.properties) { $row[$property.TrimEnd('?')] = Format-Value (Get-Property $_ $property) }
                $row
            } })
}

function Invoke-CmdletCall($Call) {
    $name = $Call.cmdlet
    if ($name -notmatch '^[a-z]+-[a-z0-9]+$' -or $refused -contains $name) { throw (New-Failure 'CommandRefused' "'$name' is refused.") }
    $command = Get-Command -Name $name -CommandType 'Cmdlet', 'Function' -ErrorAction SilentlyContinue
    if (-not $command) { throw (New-Failure 'CommandNotFoundException' "'$name' is not a cmdlet or function of this host.") }
    if (@(Get-Verb | & { process { $_.Verb } }) -notcontains $name.Split('-')[0]) { throw (New-Failure 'CommandRefused' "'$name' is refused.") }
    $splat = @{ ErrorAction = 'Stop' }
    foreach ($parameter in $Call.parameters.PSObject.Properties) { $splat[$parameter.Name] = Resolve-Value $parameter.Value }
    if ($name -in 'Invoke-CimMethod', 'Invoke-WmiMethod' -and "$($splat.ClassName)$($splat.Class)" -eq 'Win32_Process') {
        throw (New-Failure 'CommandRefused' "'$name' on Win32_Process is refused.")
    }
    $outputs[$Call.id] = @(& $command @splat)
    foreach ($condition in $Call.until.PSObject.Properties) {
        $wanted = Resolve-Value $condition.Value
        $actual = @($outputs[$Call.id] | & { process { Format-Value (Get-Property $_ $condition.Name) } })
        if (-not $actual.Count -or @($actual -ne $wanted).Count) {
            throw (New-Failure 'ConditionNotMet' "$name`: $($condition.Name) is '$actual', not yet '$wanted'.")
        }
    }
    @{ output = Get-Output $Call }
}

# How Windows programs take their command line apart (Microsoft: "Parsing C++ command-line arguments"): backslashes count double
# before a quote, the closing one included.
function Format-Argument([string]$Text) {
    if ($Text -and $Text -notmatch '[\s"]') { return $Text }
    '"' + (($Text -replace '(\\*)"', '$1$1\"') -replace '(\\+)\z', '$1$1') + '"'
}

function Invoke-ProgramCall($Call) {
    $start = New-Object Diagnostics.ProcessStartInfo
    $start.FileName = Resolve-Value $Call.program
    if ($null -ne $Call.arguments) { $start.Arguments = @((Resolve-Value $Call.arguments) | & { process { Format-Argument $_ } }) -join ' ' }
    $start.UseShellExecute = $false
    $start.RedirectStandardOutput = $start.RedirectStandardError = $true
    $process = [Diagnostics.Process]::Start($start)
    $errors = $process.StandardError.ReadToEndAsync()
    $result = @{ stdout = $process.StandardOutput.ReadToEnd(); stderr = $errors.Result }
    $process.WaitForExit()
    $result.exit_code = $process.ExitCode
    $allowed = if ($null -ne $Call.exit_codes) { @($Call.exit_codes) } else { @(0) }
    if ($allowed -notcontains $process.ExitCode) {
        $result.error = New-Failure 'ProgramFailed' "$($start.FileName) ended with exit code $($process.ExitCode)."
    }
    $result
}

function Invoke-AssignCall($Call) {
    foreach ($object in (Resolve-Reference $Call.assign)) {
        foreach ($property in $Call.values.PSObject.Properties) {
            $null = Get-Property $object $property.Name
            $object.($property.Name) = Resolve-Value $property.Value
        }
    }
    @{ output = @() }
}

function Read-FileCall($Call) {
    $path = Resolve-Value $Call.read_file
    if (-not [IO.File]::Exists($path)) { return @{ content = $null } }
    $stream = New-Object IO.FileStream $path, 'Open', 'Read', 'ReadWrite, Delete'
    try {
        if ($Call.tail -and $stream.Length -gt $Call.tail) { $null = $stream.Seek(-$Call.tail, 'End') }
        $memory = New-Object IO.MemoryStream
        $stream.CopyTo($memory)
        @{ content = [Convert]::ToBase64String($memory.ToArray()) }
    } finally { $stream.Dispose() }
}

function Write-FileCall($Call) {
    $path = Resolve-Value $Call.write_file
    $new = "$path.$([Guid]::NewGuid()).new"
    try {
        [IO.File]::WriteAllBytes($new, (Resolve-Value $Call.content))
        # [NullString] because PowerShell would pass $null as an empty string, which is not a path.
        $backup = if ($Call.backup) { Resolve-Value $Call.backup } else { [NullString]::Value }
        if ([IO.File]::Exists($path)) { [IO.File]::Replace($new, $path, $backup) } else { [IO.File]::Move($new, $path) }
    } finally { [IO.File]::Delete($new) }
    @{ output = @() }
}

function Invoke-Call($Call) {
    $kinds = @{
        cmdlet = 'Invoke-CmdletCall'; program = 'Invoke-ProgramCall'; assign = 'Invoke-AssignCall'
        read_file = 'Read-FileCall'; write_file = 'Write-FileCall'
    }
    $kind = @($Call.PSObject.Properties.Name | & { process { if ($kinds.Contains($_)) { $kinds[$_] } } })[0]
    if (-not $kind) { throw "The call '$($Call.id)' is of no known kind." }
    for ($try = 0; ; $try++) {
        try { $result = & $kind $Call } catch { $result = @{ error = $_ } }
        if (-not $result.error -or $try -ge $Call.retry.count) { break }
        Start-Sleep -Milliseconds ([int](1000 * $Call.retry.seconds))
    }
    if ($result.error) {
        $record = $result.error
        $result.error = @{
            id = $record.FullyQualifiedErrorId; category = [string]$record.CategoryInfo.Category
            exception = $record.Exception.GetType().FullName; hresult = $record.Exception.HResult; message = [string]$record
        }
    }
    $result
}

$packed = New-Object IO.MemoryStream (, [Convert]::FromBase64String($complex_args.batch))
$stream = New-Object IO.Compression.GZipStream $packed, ([IO.Compression.CompressionMode]::Decompress)
$batch = (New-Object IO.StreamReader $stream, ([Text.Encoding]::UTF8)).ReadToEnd() | ConvertFrom-Json

$stopped = $false
$results = foreach ($call in $batch.calls) {
    $result = if ($stopped) { @{ skipped = $true } } else { Invoke-Call $call }
    $result.id = $call.id
    $stopped = $stopped -or ($batch.stop_on_error -and $result.error)
    $result
}

@{ changed = $false; results = @($results) } | ConvertTo-Json -Depth 10 -Compress
