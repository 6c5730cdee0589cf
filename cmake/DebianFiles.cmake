# Run by cpack on the tree that it has installed for the package: what Debian wants besides what `cmake --install` brings.
set(DOC ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/usr/share/doc/kanaria)
file(COPY ${CPACK_KANARIA_DEBIAN}/changelog ${CPACK_KANARIA_DEBIAN}/copyright DESTINATION ${DOC})
file(GLOB TEXTS ${DOC}/changelog ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/usr/share/man/man1/*)
execute_process(COMMAND gzip -9n ${TEXTS} COMMAND_ERROR_IS_FATAL ANY)
