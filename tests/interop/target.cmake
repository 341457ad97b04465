# Tests with mbedTLS pass over themselves where the library is not here.
if(TARGET mbedtls_peer)
  target_compile_definitions(interop_test PRIVATE SESAME_MBEDTLS_PEER="$<TARGET_FILE:mbedtls_peer>")
  add_dependencies(interop_test mbedtls_peer)
endif()
