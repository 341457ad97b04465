# Beside the store, SQLite itself: to look at the store, and to damage it.
find_package(SQLite3 REQUIRED)
target_link_libraries(sqlite_test PRIVATE sesame_sqlite SQLite::SQLite3)
