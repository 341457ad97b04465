// The tables of a key store, and how a file is told from other databases.
//
//   sqlite3 keys.db 'select identity, datetime(not_after / 1000000000, "unixepoch") from keys'
//
// Times are nanoseconds since 1970 (UTC). `change` counts the transactions; every row has the one that it
// came with, so that a follower reads what is behind the one it knows.
#pragma once

#include "psk/sqlite/database.h"

namespace sesame::psk::sqlite {

/// "SesK", in the header of the file (PRAGMA application_id), and the version of the tables (user_version).
inline constexpr std::int64_t application_id = 0x5365734b;
inline constexpr std::int64_t schema_version = 1;

/// Makes the tables in an empty database; leaves one that has some, also where another process makes them
/// just now: that is waited for.
Expected<> create_schema(Database& database, std::chrono::milliseconds patience);

/// Errors: store_invalid, where it is another program's database, or a newer version's.
Expected<> check_schema(Database& database);

}  // namespace sesame::psk::sqlite
