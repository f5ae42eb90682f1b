# hvlab_room(NAME SOURCES file... USES room... [LIBRARIES target...])
#
# One room of sim/: a static library whose include path holds only the rooms it may use. The headers of a room are
# reached as "sim/ROOM/file.hpp" through a directory of links, so that an include of a room not in USES (and not used
# by those) does not build.
set(HVLAB_INCLUDE_ROOT ${CMAKE_BINARY_DIR}/rooms)

add_library(hvlab_options INTERFACE)
target_compile_options(hvlab_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wno-pedantic -Werror)
target_compile_options(hvlab_options INTERFACE $<$<CONFIG:Release>:-O2> $<$<CONFIG:Debug>:-O1 -g>)
# Where the compiler makes calls of a handler's last call, and not jumps: see sim/execute/wrap.hpp.
target_compile_definitions(hvlab_options INTERFACE $<$<OR:$<CONFIG:Debug>,$<BOOL:${HVLAB_SANITIZE}>>:HVLAB_NO_TAIL_CALLS>)
if(HVLAB_SANITIZE)
  target_compile_options(hvlab_options INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=undefined
    -fno-omit-frame-pointer)
  target_link_options(hvlab_options INTERFACE -fsanitize=address,undefined)
endif()
if(HVLAB_FUZZ)
  target_compile_options(hvlab_options INTERFACE -Wno-error -fsanitize=fuzzer-no-link)
endif()

function(hvlab_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;USES;LIBRARIES" ${ARGN})
  set(root ${HVLAB_INCLUDE_ROOT}/${name})
  file(MAKE_DIRECTORY ${root}/sim)
  file(CREATE_LINK ${CMAKE_CURRENT_SOURCE_DIR} ${root}/sim/${name} SYMBOLIC)
  if(ROOM_SOURCES)
    add_library(${name} STATIC ${ROOM_SOURCES})
    set(scope PUBLIC)
    target_link_libraries(${name} PRIVATE hvlab_options)
  else()
    add_library(${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(${name} ${scope} ${root})
  foreach(used IN LISTS ROOM_USES)
    target_link_libraries(${name} ${scope} ${used})
  endforeach()
  if(ROOM_LIBRARIES)
    target_link_libraries(${name} ${scope} ${ROOM_LIBRARIES})
  endif()
endfunction()
