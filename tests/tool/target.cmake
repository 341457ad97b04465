# These tests run the command as a person would.
find_package(nlohmann_json REQUIRED)
target_link_libraries(tool_test PRIVATE nlohmann_json::nlohmann_json)
target_compile_definitions(tool_test PRIVATE SESAME_COMMAND="$<TARGET_FILE:sesame_command>")
add_dependencies(tool_test sesame_command)
