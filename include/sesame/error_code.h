// The library's reasons as std::error_code, for interfaces that carry nothing else (Asio's).
//
// An error_code says which Reason it was; the whole Error, with the state, the alert and the advice, is with
// the connection or the stream.
#pragma once

#include <sesame/error.h>

#include <optional>
#include <system_error>

namespace sesame {

/// The category of the codes below. Its name is "sesame", its messages are those of Error(reason).
const std::error_category& error_category() noexcept;

/// Never a code that means success: its value is one more than the Reason's.
std::error_code make_error_code(Reason reason) noexcept;

/// The reason that `code` stands for; nullopt if it is of another category.
std::optional<Reason> reason_of(const std::error_code& code) noexcept;

}  // namespace sesame

template <>
struct std::is_error_code_enum<sesame::Reason> : std::true_type {};
