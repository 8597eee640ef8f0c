# Finds nlohmann/json: by the CMake files of its package, else by its headers alone.
#
# It is header only, so a GPU machine without the package, or without the right to install it,
# needs no more than the folder nlohmann, as /usr/include has it where the package is installed:
# copied into LIBTORCH_ROOT/include, or anywhere else with
# -Dnlohmann_json_INCLUDE_DIR=<the folder that holds nlohmann>.
# Output: the target nlohmann_json::nlohmann_json.

if(NOT nlohmann_json_INCLUDE_DIR)
    find_package(nlohmann_json ${nlohmann_json_FIND_VERSION} CONFIG QUIET)
endif()
if(TARGET nlohmann_json::nlohmann_json)
    set(nlohmann_json_FOUND TRUE)
    return()
endif()

find_path(nlohmann_json_INCLUDE_DIR nlohmann/json.hpp PATHS "${LIBTORCH_ROOT}/include")
mark_as_advanced(nlohmann_json_INCLUDE_DIR)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(
    nlohmann_json
    REQUIRED_VARS nlohmann_json_INCLUDE_DIR
    REASON_FAILURE_MESSAGE
        "install nlohmann-json3-dev, or set nlohmann_json_INCLUDE_DIR to a folder with its headers")

add_library(nlohmann_json::nlohmann_json INTERFACE IMPORTED)
target_include_directories(nlohmann_json::nlohmann_json SYSTEM
                           INTERFACE "${nlohmann_json_INCLUDE_DIR}")
