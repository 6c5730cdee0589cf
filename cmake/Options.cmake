# kanaria_options: what every target of ours is compiled with.
add_library(kanaria_options INTERFACE)
target_include_directories(kanaria_options INTERFACE ${CMAKE_SOURCE_DIR}/include)
target_compile_options(kanaria_options INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Woverloaded-virtual)
if(KANARIA_WERROR)
  target_compile_options(kanaria_options INTERFACE -Werror)
endif()
target_compile_definitions(kanaria_options INTERFACE
  BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION
  KANARIA_VERSION="${PROJECT_VERSION}")

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 warns falsely inside Asio's frames and std::string at -O2.
  target_compile_options(kanaria_options INTERFACE -Wno-mismatched-new-delete -Wno-maybe-uninitialized -Wno-restrict)
endif()

if(KANARIA_SANITIZE)
  target_compile_options(kanaria_options INTERFACE
    -fsanitize=${KANARIA_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all -O1)
  target_link_options(kanaria_options INTERFACE -fsanitize=${KANARIA_SANITIZE})
  if(KANARIA_SANITIZE MATCHES "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(kanaria_options INTERFACE -Wno-tsan)
    target_compile_definitions(kanaria_options INTERFACE BOOST_ASIO_DISABLE_FENCED_BLOCK)
  endif()
endif()
