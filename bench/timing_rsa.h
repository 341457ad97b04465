// Whether the time of an RSA key transport tells what was inside the message (Bleichenbacher's attack).
#pragma once

/// `timing rsa ...`: `program` is how the program was called, the arguments are those behind "rsa". The exit
/// status.
int timing_rsa(const char* program, int count, char** arguments);
