// A message is a struct with one list of its fields; this header makes both directions and the printed form
// of it.
//
//   struct KeyShareEntry {                              // RFC 8446 section 4.2.8
//     NamedGroup group{};
//     opaque<1, 0xffff> key_exchange;
//     static constexpr auto fields(auto& m) { return std::tie(m.group, m.key_exchange); }
//   };
//   auto entry = decode<KeyShareEntry>(bytes);          // views of `bytes`
//
// Decoded values are views of the input. Values that the syntax allows survive, known or not: refusing them
// is policy. What encode() writes, decode() reads, and what decode() reads, encode() writes again octet for
// octet.
#pragma once

#include <array>
#include <concepts>
#include <expected>
#include <string>
#include <tuple>
#include <type_traits>

#include "wire/reader.h"
#include "wire/writer.h"

namespace sesame::wire {

template <class T>
concept Enum = std::is_enum_v<T>;
template <class T>
concept Struct = requires(T& t) { T::fields(t); };

/// Octets of the length in front of a vector of at most `highest` octets (RFC 8446 section 3.4).
constexpr unsigned prefix_size(std::size_t highest) {
  return highest <= 0xff ? 1 : highest <= 0xffff ? 2 : 3;
}

/// opaque x<Lowest..Highest>
template <std::size_t Lowest, std::size_t Highest>
struct opaque {
  Bytes data{};
};

/// T x<Lowest..Highest>, the bounds in octets. Every element is checked when the list is read, once.
template <class T, std::size_t Lowest, std::size_t Highest>
struct list {
  Bytes raw{};

  /// Calls f(element) in order; where f returns bool, false ends the walk.
  template <class F>
  constexpr void for_each(F&& f) const;
  constexpr std::size_t count() const {
    std::size_t n = 0;
    for_each([&](const T&) { ++n; });
    return n;
  }
};

/// A vector at the end of a message that older senders leave out altogether (RFC 8446 section 4.1.2:
/// "determining whether there are bytes following"). Left out it reads as an empty one.
template <class Vector>
struct optional_at_end : Vector {
  bool present = true;
};

// ---- reading ----

template <std::unsigned_integral T>
constexpr void read(Reader& r, T& value) {
  value = static_cast<T>(r.uint(sizeof(T)));
}
template <Enum T>
constexpr void read(Reader& r, T& value) {
  value = static_cast<T>(r.uint(sizeof(T)));
}
template <std::size_t N>
constexpr void read(Reader& r, std::array<std::uint8_t, N>& value) {
  const Bytes octets = r.take(N);
  for (std::size_t i = 0; i < octets.size(); ++i) value[i] = octets[i];
}
template <std::size_t Lowest, std::size_t Highest>
constexpr void read(Reader& r, opaque<Lowest, Highest>& value) {
  value.data = r.take(r.uint(prefix_size(Highest)));
  if (r.ok() && (value.data.size() < Lowest || value.data.size() > Highest)) r.fail(Fault::length);
}
template <Struct T>
constexpr void read(Reader& r, T& value);
/// What is wrong with `raw` as elements of type T, one behind the other.
template <class T>
constexpr Fault element_fault(Bytes raw) {
  if constexpr (std::unsigned_integral<T> || Enum<T>) {
    return raw.size() % sizeof(T) == 0 ? Fault::none : Fault::length;
  } else {
    Reader elements(raw);
    while (!elements.empty()) {
      T element{};
      read(elements, element);
    }
    return elements.fault();
  }
}
template <class T, std::size_t Lowest, std::size_t Highest>
constexpr void read(Reader& r, list<T, Lowest, Highest>& value) {
  value.raw = r.take(r.uint(prefix_size(Highest)));
  if (!r.ok()) return;
  if (value.raw.size() < Lowest || value.raw.size() > Highest) return r.fail(Fault::length);
  if (const Fault fault = element_fault<T>(value.raw); fault != Fault::none) r.fail(fault);
}
template <class Vector>
constexpr void read(Reader& r, optional_at_end<Vector>& value) {
  value.present = !(r.ok() && r.empty());
  if (value.present) read(r, static_cast<Vector&>(value));
}
template <Struct T>
constexpr void read(Reader& r, T& value) {
  std::apply([&](auto&... field) { (read(r, field), ...); }, T::fields(value));
}

template <class T, std::size_t Lowest, std::size_t Highest>
template <class F>
constexpr void list<T, Lowest, Highest>::for_each(F&& f) const {
  Reader r(raw);
  while (!r.empty()) {
    T element{};
    read(r, element);
    if (!r.ok()) return;  // not a list that was read: nobody is given what is not there
    if constexpr (std::is_same_v<decltype(f(element)), bool>) {
      if (!f(element)) return;
    } else {
      f(element);
    }
  }
}

/// The whole of `in` as a T.
template <class T>
constexpr std::expected<T, Fault> decode(Bytes in) {
  Reader r(in);
  T value{};
  read(r, value);
  if (!r.ok()) return std::unexpected(r.fault());
  if (!r.empty()) return std::unexpected(Fault::trailing);
  return value;
}

// ---- writing ----

template <std::unsigned_integral T>
void write(Writer& w, const T& value) {
  w.uint(value, sizeof(T));
}
template <Enum T>
void write(Writer& w, const T& value) {
  w.uint(static_cast<std::uint32_t>(value), sizeof(T));
}
template <std::size_t N>
void write(Writer& w, const std::array<std::uint8_t, N>& value) {
  w.put(value);
}
template <std::size_t Lowest, std::size_t Highest>
void write(Writer& w, const opaque<Lowest, Highest>& value) {
  if (value.data.size() < Lowest || value.data.size() > Highest) return w.fail(Fault::length);
  w.uint(static_cast<std::uint32_t>(value.data.size()), prefix_size(Highest));
  w.put(value.data);
}
template <class T, std::size_t Lowest, std::size_t Highest>
void write(Writer& w, const list<T, Lowest, Highest>& value) {
  if (const Fault fault = element_fault<T>(value.raw); fault != Fault::none) return w.fail(fault);
  write(w, opaque<Lowest, Highest>{value.raw});
}
template <class Vector>
void write(Writer& w, const optional_at_end<Vector>& value) {
  if (value.present) return write(w, static_cast<const Vector&>(value));
  if (!value.raw.empty()) w.fail(Fault::illegal);
}
template <Struct T>
void write(Writer& w, const T& value) {
  std::apply([&](const auto&... field) { (write(w, field), ...); }, T::fields(value));
}

/// Appends `value` to `out`; false, with `out` as it was, if it does not fit its bounds.
template <class T>
bool encode(Buffer& out, const T& value) {
  const std::size_t before = out.size();
  Writer w(out);
  write(w, value);
  if (!w.ok()) out.truncate(before);
  return w.ok();
}

// ---- size: what encode() would append ----

template <std::unsigned_integral T>
constexpr std::size_t encoded_size(const T&) {
  return sizeof(T);
}
template <Enum T>
constexpr std::size_t encoded_size(const T&) {
  return sizeof(T);
}
template <std::size_t N>
constexpr std::size_t encoded_size(const std::array<std::uint8_t, N>&) {
  return N;
}
template <std::size_t Lowest, std::size_t Highest>
constexpr std::size_t encoded_size(const opaque<Lowest, Highest>& value) {
  return prefix_size(Highest) + value.data.size();
}
template <class T, std::size_t Lowest, std::size_t Highest>
constexpr std::size_t encoded_size(const list<T, Lowest, Highest>& value) {
  return prefix_size(Highest) + value.raw.size();
}
template <class Vector>
constexpr std::size_t encoded_size(const optional_at_end<Vector>& value) {
  return value.present ? encoded_size(static_cast<const Vector&>(value)) : 0;
}
template <Struct T>
constexpr std::size_t encoded_size(const T& value) {
  return std::apply([](const auto&... field) { return (std::size_t{0} + ... + encoded_size(field)); },
                    T::fields(value));
}

// ---- printing: for logs and failing tests, in the order of the fields ----

void print_hex(std::string& out, Bytes octets);

template <class T>
  requires(std::unsigned_integral<T> || Enum<T>)
void print(std::string& out, const T& value) {
  std::uint8_t octets[sizeof(T)];
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    octets[i] = static_cast<std::uint8_t>(static_cast<std::uint32_t>(value) >> 8 * (sizeof(T) - 1 - i));
  }
  print_hex(out, octets);
}
template <std::size_t N>
void print(std::string& out, const std::array<std::uint8_t, N>& value) {
  print_hex(out, value);
}
template <std::size_t Lowest, std::size_t Highest>
void print(std::string& out, const opaque<Lowest, Highest>& value) {
  print_hex(out, value.data);
}
template <Struct T>
void print(std::string& out, const T& value);
template <class T, std::size_t Lowest, std::size_t Highest>
void print(std::string& out, const list<T, Lowest, Highest>& value) {
  out += '[';
  value.for_each([&, first = true](const T& element) mutable {
    if (!first) out += ' ';
    first = false;
    print(out, element);
  });
  out += ']';
}
template <class Vector>
void print(std::string& out, const optional_at_end<Vector>& value) {
  if (value.present) {
    print(out, static_cast<const Vector&>(value));
  } else {
    out += '-';
  }
}
template <Struct T>
void print(std::string& out, const T& value) {
  out += '{';
  std::apply(
      [&, first = true](const auto&... field) mutable {
        ((first ? void() : void(out += ' '), first = false, print(out, field)), ...);
      },
      T::fields(value));
  out += '}';
}

}  // namespace sesame::wire
