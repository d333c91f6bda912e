# SPDX-License-Identifier: GPL-3.0-or-later
#
# postern_layer(NAME [USES layer...] [LINK lib...] SOURCES file... [HEADERS file...] [DIR dir])
#
# One static library per folder, target postern_NAME, includes read "NAME/file.h". USES is the only list of who may
# include whom; a check step reads the #include lines and stops the build when a file breaks it.

set(POSTERN_WARNINGS -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wswitch-enum -Wnon-virtual-dtor
                     -Woverloaded-virtual)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # GCC 12 sees uninitialised members in moved std::variants where there are none (its bug 105562 and kin).
    list(APPEND POSTERN_WARNINGS -Wno-maybe-uninitialized)
endif()
set(POSTERN_DEFINITIONS
    QT_NO_CAST_FROM_ASCII QT_NO_CAST_TO_ASCII QT_NO_CAST_FROM_BYTEARRAY QT_NO_URL_CAST_FROM_STRING
    QT_NO_NARROWING_CONVERSIONS_IN_CONNECT QT_NO_FOREACH QT_NO_CONTEXTLESS_CONNECT QT_NO_KEYWORDS
    QT_DISABLE_DEPRECATED_BEFORE=0x060400 POSTERN_VERSION="${PROJECT_VERSION}")

function(postern_flags target)
    if(POSTERN_PCH AND NOT target STREQUAL "postern_pch")
        target_precompile_headers(${target} REUSE_FROM postern_pch)
    endif()
    target_compile_definitions(${target} PRIVATE ${POSTERN_DEFINITIONS})
    if(MSVC)
        target_compile_options(${target} PRIVATE /W4 /permissive- /utf-8)
    else()
        target_compile_options(${target} PRIVATE ${POSTERN_WARNINGS} -fno-omit-frame-pointer)
        if(POSTERN_WERROR)
            target_compile_options(${target} PRIVATE -Werror)
        endif()
        if(POSTERN_SANITIZE)
            target_compile_options(${target} PRIVATE -fsanitize=${POSTERN_SANITIZE} -fno-sanitize-recover=all)
            target_link_options(${target} PRIVATE -fsanitize=${POSTERN_SANITIZE})
        elseif(CMAKE_BUILD_TYPE STREQUAL "Release")
            target_compile_options(${target} PRIVATE -fstack-protector-strong -D_FORTIFY_SOURCE=2)
            target_link_options(${target} PRIVATE -Wl,-z,relro,-z,now)
        endif()
    endif()
endfunction()

if(POSTERN_PCH)
    file(WRITE ${CMAKE_BINARY_DIR}/pch.cpp "")
    add_library(postern_pch OBJECT ${CMAKE_BINARY_DIR}/pch.cpp)
    target_link_libraries(postern_pch PRIVATE Qt6::Core)
    postern_flags(postern_pch)
    target_precompile_headers(postern_pch PRIVATE
        <QByteArray> <QByteArrayList> <QHash> <QList> <QString> <QObject> <algorithm> <functional> <memory> <optional>
        <vector> <map> <variant>)
endif()

function(postern_layer name)
    cmake_parse_arguments(L "" "DIR" "USES;LINK;SOURCES;HEADERS" ${ARGN})
    if(NOT L_DIR)
        set(L_DIR ${CMAKE_SOURCE_DIR}/gateway/${name})
    endif()
    list(TRANSFORM L_SOURCES PREPEND ${L_DIR}/)
    list(TRANSFORM L_HEADERS PREPEND ${L_DIR}/)
    set(target postern_${name})
    add_library(${target} STATIC ${L_SOURCES} ${L_HEADERS})
    get_filename_component(parent ${L_DIR} DIRECTORY)
    target_include_directories(${target} PUBLIC ${parent})
    target_link_libraries(${target} PUBLIC Qt6::Core ${L_LINK})
    foreach(used IN LISTS L_USES)
        target_link_libraries(${target} PUBLIC postern_${used})
    endforeach()
    postern_flags(${target})
    set(stamp ${CMAKE_BINARY_DIR}/layer-checks/${name}.stamp)
    list(JOIN L_USES "," uses)
    add_custom_command(
        OUTPUT ${stamp}
        COMMAND ${CMAKE_COMMAND} -DLAYER=${name} "-DUSES=${uses}" "-DDIR=${L_DIR}" -DSTAMP=${stamp}
                -P ${CMAKE_SOURCE_DIR}/gateway/check_layer.cmake
        DEPENDS ${L_SOURCES} ${L_HEADERS} ${CMAKE_SOURCE_DIR}/gateway/check_layer.cmake
        VERBATIM)
    add_custom_target(check_layer_${name} DEPENDS ${stamp})
    add_dependencies(${target} check_layer_${name})
endfunction()
