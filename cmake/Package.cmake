# The Debian package, made by `cpack` or, with checks, by scripts/package.sh. The scripts and texts that only Debian
# wants are in packaging/debian; all else is what `cmake --install` brings.
set(KANARIA_MAINTAINER "kanaria maintainers <kanaria@example.org>" CACHE STRING "Maintainer field of the Debian package")

# What Debian calls a native package: those who make the program make the package, so one version is enough.
file(STRINGS packaging/debian/changelog FIRST_LINE LIMIT_COUNT 1)
if(NOT FIRST_LINE MATCHES "^kanaria \\(${PROJECT_VERSION}\\) ")
  message(FATAL_ERROR "packaging/debian/changelog is not about ${PROJECT_VERSION}: ${FIRST_LINE}")
endif()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME kanaria)
set(CPACK_PACKAGE_CONTACT ${KANARIA_MAINTAINER})
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "weighted reverse proxy for canary releases")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION "kanaria forwards HTTP requests to groups of targets, by rules, and splits them
between the groups by weights, exactly: of every 10 requests at 90 to 10, 9 go
to the application as it is and 1 to its new version. The weights change while
it runs, and no request is lost.

The configuration speaks the language of AWS's Application Load Balancer as
Terraform spells it. kanaria-echo, an application to try it with, is included.")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION httpd)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "systemd | systemd-standalone-sysusers | systemd-sysusers")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA)
foreach(FILE conffiles postinst prerm postrm)
  list(APPEND CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${CMAKE_SOURCE_DIR}/packaging/debian/${FILE})
endforeach()

# DESTDIR, so that the prefix that ends up in the unit is the real one.
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_SOURCE_DIR}/cmake/DebianFiles.cmake)
set(CPACK_KANARIA_DEBIAN ${CMAKE_SOURCE_DIR}/packaging/debian)
include(CPack)
