# kanaria_folder(NAME [USES folders...] [PRIVATE libraries...])
# One folder of src/ as one static library. USES are the folders it may include; what they use comes with them.
# PRIVATE libraries are seen by this folder's sources alone.
function(kanaria_folder NAME)
  cmake_parse_arguments(FOLDER "" "" "USES;PRIVATE" ${ARGN})
  file(GLOB SOURCES CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${NAME}/*.cpp)
  add_library(kanaria_${NAME} STATIC ${SOURCES})
  list(TRANSFORM FOLDER_USES PREPEND kanaria_)
  target_link_libraries(kanaria_${NAME}
    PUBLIC kanaria_options Boost::headers Threads::Threads ${FOLDER_USES}
    PRIVATE ${FOLDER_PRIVATE})
endfunction()
