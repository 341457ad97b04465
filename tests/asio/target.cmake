find_path(SESAME_ASIO_INCLUDE asio.hpp REQUIRED)
target_include_directories(asio_test SYSTEM PRIVATE ${SESAME_ASIO_INCLUDE})
target_compile_definitions(asio_test PRIVATE ASIO_NO_DEPRECATED $<$<CXX_COMPILER_ID:Clang>:ASIO_HAS_CO_AWAIT>)
# Asio moves sockets in a way in which GCC 12, once it has inlined it, sees what is not there.
target_compile_options(asio_test PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
