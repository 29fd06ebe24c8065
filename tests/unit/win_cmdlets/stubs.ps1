# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

# Functions that stand in for cmdlets while win_cmdlets.ps1 runs in a real PowerShell on any system.

$global:tries = 0

# Says what arrived: its .NET type, and its text as base64 of UTF-16.
function Get-Received {
    [CmdletBinding()] param($Value)
    $type = if ($null -eq $Value) { 'null' } else { $Value.GetType().FullName }
    $text = switch ($type) {
        'System.Security.SecureString' { (New-Object Net.NetworkCredential '', $Value).Password }
        'System.Management.Automation.PSCredential' { "$($Value.UserName)=$($Value.GetNetworkCredential().Password)" }
        'System.Byte[]' { [Convert]::ToBase64String($Value) }
        'System.Object[]' { @($Value | & { process { if ($null -eq $_) { 'null' } else { $_.GetType().Name } } }) -join ',' }
        'System.Collections.Hashtable' { @($Value.Keys | Sort-Object) -join ',' }
        default { [string]$Value }
    }
    [pscustomobject]@{ Type = $type; Utf16 = [Convert]::ToBase64String([Text.Encoding]::Unicode.GetBytes($text)) }
}

# The objects that references are tried on.
function Get-Network {
    [CmdletBinding()] param()
    [pscustomobject]@{ Name = 'one'; Address = '10.0.0.0'; Role = 0; Owner = [pscustomobject]@{ Name = 'hv01' } }
    [pscustomobject]@{ Name = 'two'; Address = '10.0.1.0'; Role = 0; Owner = [pscustomobject]@{ Name = 'hv02' } }
}

function Get-Nothing { [CmdletBinding()] param() }

# One property of every kind that win_cmdlets.ps1 formats.
function Get-Kind {
    [CmdletBinding()] param()
    [pscustomobject]@{
        Enum = [IO.FileMode]::Open; Flag = $true; Number = 5; Big = [long]::MaxValue; Letter = [char]'x'; Nothing = $null
        Time = [datetime]::new(2024, 1, 31, 12, 0, 0, [DateTimeKind]::Utc); Span = [timespan]::FromSeconds(90)
        Guid = [guid]'6c1e3a52-0b7d-4c5a-9d0e-2f7a51b3c4d8'; Bytes = [byte[]](1, 2, 3); One = @('a'); None = @(); Many = @(1, 2)
        Table = @{ iSCSI = $true }; Secret = (ConvertTo-SecureString 'hidden' -AsPlainText -Force)
        Noted = ('text' | Add-Member -NotePropertyName PSPath -NotePropertyValue 'x' -PassThru)
    }
}

function Get-Table { [CmdletBinding()] param() @{ iSCSI = $true; SAS = $false } }

function Get-Word { [CmdletBinding()] param() 'first'; 'second' }

function Get-LateState {
    [CmdletBinding()] param()
    $global:tries++
    [pscustomobject]@{ State = $(if ($global:tries -ge 3) { 'Running' } else { 'StartPending' }); Tries = $global:tries }
}

function Set-Failure {
    [CmdletBinding()] param()
    Write-Error -Message 'No, it did not.' -ErrorId 'ItFailed' -Category InvalidArgument
}

function Set-Stray { [CmdletBinding()] param() $true }

# A function whose verb is not an approved one.
function Frobnicate-Thing { 'ran' }
