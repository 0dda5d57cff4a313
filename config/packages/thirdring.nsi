; The installer for Windows (NSIS 3): for all users of a PC, and for 200 PCs with /S. config/packages/windows.sh calls it.
;
;   %ProgramFiles%\Thirdring     the program
;   %ProgramData%\Thirdring      thirdring.toml and conf.d: administrators write, everybody reads
;   %LOCALAPPDATA%\thirdring     each user's own state; the agent makes it
;
; The agent starts with the rep's session: a service would have no headset (session 0). Settings that are there already
; stay; taking it out leaves settings and states.
Unicode true
ManifestDPIAware true
RequestExecutionLevel admin
SetCompressor /SOLID lzma
Name "Thirdring ${VERSION}"
OutFile "${OUT}"
InstallDir "$PROGRAMFILES64\Thirdring"
!define REGISTERED "Software\Microsoft\Windows\CurrentVersion\Uninstall\Thirdring"

!include x64.nsh
!include LogicLib.nsh
LoadLanguageFile "${NSISDIR}\Contrib\Language files\English.nlf"
LoadLanguageFile "${NSISDIR}\Contrib\Language files\SimpChinese.nlf"
LangString NO_X64 ${LANG_ENGLISH} "Thirdring needs 64-bit Windows."
LangString NO_X64 ${LANG_SIMPCHINESE} "Thirdring 需要 64 位 Windows。"
LangString IN_USE ${LANG_ENGLISH} "Thirdring runs. Run 'thirdring drain', then install again."
LangString IN_USE ${LANG_SIMPCHINESE} "Thirdring 正在运行。请先运行 thirdring drain，再安装。"

Page directory
Page instfiles
UninstPage uninstConfirm
UninstPage instfiles

Function .onInit
  ${IfNot} ${RunningX64}
    MessageBox MB_OK|MB_ICONSTOP "$(NO_X64)" /SD IDOK
    Abort
  ${EndIf}
  SetRegView 64
FunctionEnd

; Windows does not let a program be written that runs: nobody's call is cut off by an installer.
Function ProgramIsFree
  ${If} ${FileExists} "$INSTDIR\thirdring.exe"
    ClearErrors
    FileOpen $0 "$INSTDIR\thirdring.exe" a
    ${If} ${Errors}
      MessageBox MB_OK|MB_ICONSTOP "$(IN_USE)" /SD IDOK
      SetErrorLevel 3
      Abort
    ${EndIf}
    FileClose $0
  ${EndIf}
FunctionEnd

Section
  Call ProgramIsFree
  SetShellVarContext all                  ; $APPDATA is %ProgramData%, $SMSTARTUP everybody's
  SetOutPath "$INSTDIR"
  File "${FILES}\thirdring.exe"
  File "${FILES}\LICENSE-MIT"
  File "${FILES}\LICENSE-APACHE"
  File "${FILES}\LICENCES.txt"
  File "${FILES}\*.toml"
  File "${FILES}\*.md"

  ; Users may make files in %ProgramData% by default: not in ours, the settings say what is started.
  CreateDirectory "$APPDATA\Thirdring\conf.d"
  nsExec::Exec 'icacls "$APPDATA\Thirdring" /inheritance:r /grant:r *S-1-5-18:(OI)(CI)F *S-1-5-32-544:(OI)(CI)F *S-1-5-32-545:(OI)(CI)RX'
  Pop $0
  ${IfNot} ${FileExists} "$APPDATA\Thirdring\thirdring.toml"
    FileOpen $1 "$APPDATA\Thirdring\thirdring.toml" w
    FileWrite $1 "# thirdring config explain KEY tells what a key means; $INSTDIR\thirdring.toml is the manual.$\r$\n"
    FileWrite $1 "[[seat]]$\r$\nid = $\"rep1$\"$\r$\nkind = $\"headset$\"$\r$\n"
    FileClose $1
  ${EndIf}

  SetOutPath "$APPDATA\Thirdring"
  CreateShortcut "$SMSTARTUP\Thirdring.lnk" "$INSTDIR\thirdring.exe" 'run -c "$APPDATA\Thirdring\thirdring.toml"' "" 0 SW_SHOWMINIMIZED

  nsExec::Exec 'netsh advfirewall firewall delete rule name="Thirdring"'
  Pop $0
  nsExec::Exec 'netsh advfirewall firewall add rule name="Thirdring" dir=in action=allow enable=yes profile=domain,private protocol=udp program="$INSTDIR\thirdring.exe"'
  Pop $0
  nsExec::Exec 'netsh advfirewall firewall add rule name="Thirdring" dir=in action=allow enable=yes profile=domain,private protocol=tcp program="$INSTDIR\thirdring.exe"'
  Pop $0

  WriteUninstaller "$INSTDIR\uninstall.exe"
  WriteRegStr HKLM "${REGISTERED}" "DisplayName" "Thirdring"
  WriteRegStr HKLM "${REGISTERED}" "DisplayVersion" "${VERSION}"
  WriteRegStr HKLM "${REGISTERED}" "UninstallString" '"$INSTDIR\uninstall.exe"'
  WriteRegStr HKLM "${REGISTERED}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S'
SectionEnd

Section "Uninstall"
  SetRegView 64
  SetShellVarContext all
  Delete "$SMSTARTUP\Thirdring.lnk"
  nsExec::Exec 'netsh advfirewall firewall delete rule name="Thirdring"'
  Pop $0
  Delete "$INSTDIR\thirdring.exe"
  Delete "$INSTDIR\thirdring.previous.exe"
  Delete "$INSTDIR\LICENSE-MIT"
  Delete "$INSTDIR\LICENSE-APACHE"
  Delete "$INSTDIR\LICENCES.txt"
  Delete "$INSTDIR\*.toml"
  Delete "$INSTDIR\*.md"
  Delete "$INSTDIR\uninstall.exe"
  RMDir "$INSTDIR"
  DeleteRegKey HKLM "${REGISTERED}"
SectionEnd
