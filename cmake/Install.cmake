# What `cmake --install` brings: the programs with their manual (component programs), and what systemd needs to run the
# daemon (component service). The prefix may be /usr or /usr/local: systemd looks in both.
set(KANARIA_CONFIG_FILE /etc/kanaria/kanaria.yaml)

install(TARGETS kanaria kanaria-echo RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT programs)
install(FILES packaging/man/kanaria-echo.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT programs)
install(DIRECTORY ${KANARIA_GENERATED}/man/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT programs)
install(FILES ${KANARIA_GENERATED}/completions/kanaria
  DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions COMPONENT programs)
install(FILES ${KANARIA_GENERATED}/completions/kanaria.fish
  DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d COMPONENT programs)
# Debian's zsh looks for packages' files elsewhere than others and the administrator put theirs.
install(CODE "
  set(FOLDER site-functions)
  if(CMAKE_INSTALL_PREFIX STREQUAL /usr)
    set(FOLDER vendor-completions)
  endif()
  file(INSTALL \"${KANARIA_GENERATED}/completions/_kanaria\"
    DESTINATION \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_DATADIR}/zsh/\${FOLDER}\")
" COMPONENT programs)
install(FILES README.md CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT programs)
install(DIRECTORY docs config DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT programs
  FILES_MATCHING PATTERN *.md PATTERN *.svg PATTERN *.yaml PATTERN *.json)

install(FILES packaging/kanaria.sysusers DESTINATION lib/sysusers.d RENAME kanaria.conf COMPONENT service)
# The unit names the program by its path, and the prefix is known only now.
install(CODE "
  set(KANARIA \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_BINDIR}/kanaria\")
  set(CONFIG ${KANARIA_CONFIG_FILE})
  configure_file(\"${CMAKE_SOURCE_DIR}/packaging/kanaria.service.in\" \"${CMAKE_BINARY_DIR}/kanaria.service\" @ONLY)
" COMPONENT service)
install(FILES ${CMAKE_BINARY_DIR}/kanaria.service DESTINATION lib/systemd/system COMPONENT service)
# Whoever installs again has edited the file.
install(CODE "
  if(NOT EXISTS \"\$ENV{DESTDIR}${KANARIA_CONFIG_FILE}\")
    file(INSTALL \"${CMAKE_SOURCE_DIR}/packaging/kanaria.yaml\" DESTINATION /etc/kanaria)
  endif()
" COMPONENT service)
