// Everything of the native interface but the Asio stream, which is sesame/asio.h.
#pragma once

#include <sesame/bytes.h>
#include <sesame/certificate.h>
#include <sesame/connection.h>
#include <sesame/context.h>
#include <sesame/credential.h>
#include <sesame/error.h>
#include <sesame/key_file.h>
#include <sesame/key_source.h>
#include <sesame/keyring.h>
#include <sesame/psk_source.h>
#include <sesame/session.h>
#include <sesame/types.h>
