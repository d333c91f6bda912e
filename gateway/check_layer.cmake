# SPDX-License-Identifier: GPL-3.0-or-later
#
# Reads the #include "layer/file.h" lines of one folder and stops the build at the first that names a layer outside USES.
# Called by postern_layer() with LAYER, USES (comma separated), DIR, STAMP.
string(REPLACE "," ";" USES "${USES}")
cmake_minimum_required(VERSION 3.25)
list(APPEND USES ${LAYER})
file(GLOB_RECURSE files ${DIR}/*.h ${DIR}/*.cpp)
set(known base config policy tables convert smtp tls dns queue listener relay delivery mda local filters control keychain engine ctl window)
foreach(file IN LISTS files)
    file(STRINGS ${file} lines REGEX "^#include \"[a-z_]+/")
    foreach(line IN LISTS lines)
        string(REGEX REPLACE "^#include \"([a-z_]+)/.*" "\\1" used "${line}")
        if(used IN_LIST known AND NOT used IN_LIST USES)
            message(FATAL_ERROR "${file}: layer '${LAYER}' may not include '${used}'\n  ${line}")
        endif()
    endforeach()
endforeach()
file(WRITE ${STAMP} "")
