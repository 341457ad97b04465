// Sessions: what a handshake leaves for the next one to resume (RFC 8446 sections 2.2 and 4.6.1).
//
// A server gives tickets (in TLS 1.2 and below: RFC 5077) or identifiers by a TicketIssuer: TicketKeys seals
// the session into the ticket and remembers nothing, SessionCache remembers it, in bounded memory. A client
// keeps its sessions in a SessionStore.
#pragma once

#include <sesame/bytes.h>
#include <sesame/credential.h>
#include <sesame/error.h>
#include <sesame/types.h>

#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace sesame {

namespace session {
struct SessionBody;
struct SessionAccess;
}  // namespace session

/// RFC 8446 section 4.6.1: no ticket lives longer.
inline constexpr std::chrono::seconds max_ticket_lifetime{604'800};
/// RFC 5246 appendix F.1.4: nor does an identifier of a session of TLS 1.2 or below.
inline constexpr std::chrono::seconds max_session_id_lifetime{86'400};

/// One session. Immutable; a copy is a second handle on the same body, which is wiped with the last one.
class Session {
 public:
  ProtocolVersion version() const noexcept;
  CipherSuite cipher_suite() const noexcept;
  /// Client: the name that was verified. Server: what the client sent.
  std::string_view server_name() const noexcept;
  std::string_view alpn() const noexcept;
  /// By what the peer was authenticated in the handshake that the session goes back to.
  Authentication authentication() const noexcept;
  Bytes psk_identity() const noexcept;           ///< of the external key; empty if there was none
  std::vector<Bytes> peer_certificates() const;  ///< DER; views, valid as long as a handle is
  TimePoint issued() const noexcept;
  TimePoint expires() const noexcept;
  std::uint32_t max_early_data() const noexcept;  ///< octets; 0: none
  /// Client: the ticket as the server gave it. Empty on a server.
  Bytes ticket() const noexcept;

  /// The session as octets, in a form of our own with a number. The result holds a secret: keep it as
  /// one, and wipe it.
  std::vector<std::uint8_t> serialize() const;
  /// Errors: session_malformed (cut short, of another version, or with values that cannot be).
  static Expected<Session> deserialize(Bytes octets);

 private:
  friend struct session::SessionAccess;
  explicit Session(std::shared_ptr<const session::SessionBody> body) noexcept : body_(std::move(body)) {}
  std::shared_ptr<const session::SessionBody> body_;
};

/// A client's sessions. Implementations are safe for concurrent calls and do not throw.
class SessionStore {
 public:
  virtual ~SessionStore() = default;
  /// `key` says to whom: ClientOptions::session_key.
  virtual void put(std::string_view key, const Session& session) = 0;
  /// Gives a session and forgets it: a ticket is used once (RFC 8446 appendix C.4), so that nobody can tell
  /// that two connections belong together.
  virtual std::optional<Session> take(std::string_view key, TimePoint now) = 0;
};

/// In memory, with bounds: the oldest goes first. A session that is there already is not kept twice.
class MemorySessionStore final : public SessionStore {
 public:
  explicit MemorySessionStore(std::size_t sessions = 1000, std::size_t sessions_per_key = 4);
  ~MemorySessionStore() override;
  void put(std::string_view key, const Session& session) override;
  std::optional<Session> take(std::string_view key, TimePoint now) override;  ///< the newest that is valid
  std::size_t size() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// A server's tickets. Implementations are safe for concurrent calls and do not throw.
class TicketIssuer {
 public:
  virtual ~TicketIssuer() = default;
  /// Makes a ticket of 1..65535 octets for `session`. Error: the client gets no ticket; the connection goes
  /// on.
  virtual Expected<std::vector<std::uint8_t>> issue(const Session& session, TimePoint now) = 0;
  /// Whether `identity` has the form of a ticket of this issuer. What has it is never asked of a PskSource,
  /// and what has it not never reaches open().
  virtual bool recognises(Bytes identity) const noexcept = 0;
  /// The session of a ticket; nullopt: it is unknown, too old, or was tampered with. `consume`: nobody can
  /// open it again, if the issuer remembers (SessionCache).
  virtual std::optional<Session> open(Bytes ticket, TimePoint now) = 0;
  /// Whether open() gives each ticket once only.
  virtual bool is_single_use() const noexcept = 0;

  // TLS 1.2 and below: an issuer that remembers sessions gives them identifiers (RFC 5246 section 7.4.1.2)
  // rather than tickets. A session is resumed by its identifier as often as the client likes.

  virtual bool uses_session_ids() const noexcept { return false; }
  /// A new identifier of 32 octets, for a session that will be kept once its handshake is done.
  virtual Expected<std::array<std::uint8_t, 32>> new_session_id() { return fail(Reason::invalid_argument); }
  virtual void keep(Bytes session_id, const Session& session, TimePoint now) {
    static_cast<void>(session_id), static_cast<void>(session), static_cast<void>(now);
  }
  /// nullopt: it is unknown, or too old.
  virtual std::optional<Session> find(Bytes session_id, TimePoint now) {
    static_cast<void>(session_id), static_cast<void>(now);
    return std::nullopt;
  }
  /// Its connection failed: it is resumed no more (RFC 5246 section 7.2.2).
  virtual void forget(Bytes session_id) { static_cast<void>(session_id); }
};

struct TicketKeysOptions {
  /// A new key is made after so long, and an old one opens tickets for one such time more: no less than
  /// tickets live (TicketOptions::lifetime), or the last of them do not open. 0: only by
  /// rotate(), which leaves the key before it, or by set().
  std::chrono::seconds rotation{7200};
};

/// Tickets that hold the session, encrypted with AES-256-GCM by keys that rotate with overlap.
class TicketKeys final : public TicketIssuer {
 public:
  /// 16 octets that name it and 32 of key, for a group of servers that open each other's tickets.
  struct Key {
    std::array<std::uint8_t, 16> name;
    std::array<std::uint8_t, 32> key;
  };
  explicit TicketKeys(const TicketKeysOptions& options = {});
  ~TicketKeys() override;
  /// Makes a new key now; the present one goes on opening tickets.
  Expected<> rotate();
  /// The application's keys, the first of which seals; all of them open. No key rotates by itself from now
  /// on. Errors: invalid_argument (none, over 16, or two of one name).
  Expected<> set(std::span<const Key> keys);

  Expected<std::vector<std::uint8_t>> issue(const Session& session, TimePoint now) override;
  bool recognises(Bytes identity) const noexcept override;
  std::optional<Session> open(Bytes ticket, TimePoint now) override;
  bool is_single_use() const noexcept override { return false; }

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Sessions kept here, and tickets of TLS 1.3 that only name them. Each is given once. A session of TLS 1.2
/// or below is named by its identifier, and is given until it expires. Neither is found by the name of the
/// other.
class SessionCache final : public TicketIssuer {
 public:
  explicit SessionCache(std::size_t sessions = 20'000);  ///< of both kinds; the oldest goes first
  ~SessionCache() override;
  std::size_t size() const;

  Expected<std::vector<std::uint8_t>> issue(const Session& session, TimePoint now) override;
  bool recognises(Bytes identity) const noexcept override;
  std::optional<Session> open(Bytes ticket, TimePoint now) override;
  bool is_single_use() const noexcept override { return true; }

  bool uses_session_ids() const noexcept override { return true; }
  Expected<std::array<std::uint8_t, 32>> new_session_id() override;
  /// Only under an identifier of this cache. A session whose chain has over 16 KiB is not kept.
  void keep(Bytes session_id, const Session& session, TimePoint now) override;
  std::optional<Session> find(Bytes session_id, TimePoint now) override;
  void forget(Bytes session_id) override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

struct ReplayGuardOptions {
  std::size_t records = 100'000;  ///< ClientHellos that are remembered, at most
  /// How far the age of a ticket that the client states may be from what the server finds (RFC 8446 section
  /// 8.3).
  std::chrono::milliseconds window{10'000};
  /// The application knows that no external key was used for early data before this guard began, or that
  /// nothing of before can be replayed. Otherwise only a key whose not_before lies behind the guard's
  /// beginning is whole here.
  bool external_keys_are_new = false;
};

/// Remembers the ClientHellos whose early data was accepted (RFC 8446 section 8.2), in bounded memory, and
/// never forgets one that could come again: what is full refuses. Safe for concurrent calls. Servers that
/// share keys or tickets have to share one, or accept no early data.
class ReplayGuard {
 public:
  enum class Verdict : std::uint8_t {
    fresh,      ///< never seen, and recorded now
    replayed,   ///< seen before
    stale,      ///< the ticket's age is outside the window
    full,       ///< no room: nothing can be said
    not_whole,  ///< an external key that may have been used before this guard began
  };
  explicit ReplayGuard(const ReplayGuardOptions& options = {},
                       TimePoint begin = std::chrono::system_clock::now());
  ~ReplayGuard();

  /// A ticket: `binder` is of the ClientHello, `stated_age` what the client says the ticket's age is,
  /// `found_age` what the server finds. Remembered for as long as the window lets it come again.
  Verdict check_ticket(Bytes binder, std::chrono::milliseconds stated_age,
                       std::chrono::milliseconds found_age, TimePoint now);
  /// An external key: remembered until `not_after` of the key, for ever if it has none.
  Verdict check_external(Bytes binder, std::optional<TimePoint> not_before,
                         std::optional<TimePoint> not_after, TimePoint now);
  std::size_t size() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sesame
