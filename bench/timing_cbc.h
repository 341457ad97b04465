// Whether the time of opening a CBC record tells what was wrong inside it (Vaudenay's attack, Lucky13).
#pragma once

/// `timing cbc ...`: `program` is how the program was called, the arguments are those behind "cbc". The exit
/// status.
int timing_cbc(const char* program, int count, char** arguments);
