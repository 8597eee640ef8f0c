# tagalign_add_test(tst_name LIBRARY...): builds tst_name.cpp of the current folder as one QtTest
# program and registers it: offscreen, with a time limit, working folder = the build folder.
# TAGALIGN_SHARED_DATA points to the real photos where they are; tests skip what needs them else.

get_filename_component(TAGALIGN_SHARED_DATA "${PROJECT_SOURCE_DIR}/../shared/data" ABSOLUTE)
# The inner quotes are for LSan, which would end the path at a space.
set(TAGALIGN_TEST_ENVIRONMENT
    "QT_QPA_PLATFORM=offscreen"
    # Tests share the cores: threads of parallel loops sleep while they wait, as in the programs.
    "GOMP_SPINCOUNT=2000"
    "LSAN_OPTIONS=suppressions='${PROJECT_SOURCE_DIR}/tests/lsan.supp'")

function(tagalign_add_test name)
    add_executable(${name} ${name}.cpp)
    set_target_properties(${name} PROPERTIES AUTOMOC ON)
    find_package(Qt6 REQUIRED COMPONENTS Test QUIET)
    target_link_libraries(${name} PRIVATE Qt6::Test tagalign_options ${ARGN})
    target_compile_definitions(
        ${name} PRIVATE TAGALIGN_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
                        TAGALIGN_SHARED_DATA="${TAGALIGN_SHARED_DATA}")
    add_test(NAME ${name} COMMAND ${name})
    set_tests_properties(
        ${name} PROPERTIES TIMEOUT 300 ENVIRONMENT "${TAGALIGN_TEST_ENVIRONMENT}")
endfunction()

# tagalign_add_full_test(name tst_program FUNCTION...): functions that packaging/test --full runs
# besides, since they take long or need the Python that TAGALIGN_PEER_PYTHON names. There they may
# not skip themselves, except for photos that are not on the machine.
function(tagalign_add_full_test name program)
    add_test(NAME ${name} COMMAND ${program} ${ARGN})
    set_tests_properties(
        ${name}
        PROPERTIES LABELS full
                   TIMEOUT 900
                   ENVIRONMENT "${TAGALIGN_TEST_ENVIRONMENT};TAGALIGN_FULL=1"
                   FAIL_REGULAR_EXPRESSION "SKIP  "
                   SKIP_REGULAR_EXPRESSION "SKIP  [^\n]*shared photos are not there")
endfunction()
