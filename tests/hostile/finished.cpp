// Finished, of both sides (RFC 8446 section 4.4.4).
#include "hostile/variant.h"

namespace sesame::test {

namespace {

// To a server, and to a client, that waits for Finished: `script` gets the peer and says what it likes.
template <class Script>
void both(std::vector<Variant>& out, const std::string& name, Alert alert, Reason reason, Script script) {
  out.push_back(to_server("client_finished_" + name, alert, reason, [=](AgainstServer& c) {
    c.up_to_wait_finished();
    script(static_cast<ScriptPeer&>(c.client));
  }));
  out.push_back(to_client("server_finished_" + name, alert, reason, [=](AgainstClient& c) {
    c.up_to_wait_finished();
    script(static_cast<ScriptPeer&>(c.server));
  }));
}

Octets finished_of(const Octets& verify_data) {
  return ScriptPeer::message(message::HandshakeType::finished, verify_data);
}

}  // namespace

std::vector<Variant> finished_variants() {
  std::vector<Variant> out;
  const auto wrong = [&](const std::string& name, auto make) {
    both(out, name, Alert::decrypt_error, Reason::finished_mismatch,
         [=](ScriptPeer& p) { p.put_message(make(p)); });
  };
  const auto malformed = [&](const std::string& name, Octets verify_data) {
    both(out, name, Alert::decode_error, Reason::malformed_message,
         [=](ScriptPeer& p) { p.put_message(finished_of(verify_data)); });
  };
  wrong("first_bit_wrong", [](ScriptPeer& p) {
    Octets f = p.finished();
    f[4] ^= 0x80;
    return f;
  });
  wrong("last_bit_wrong", [](ScriptPeer& p) {
    Octets f = p.finished();
    f.back() ^= 1;
    return f;
  });
  wrong("zero", [](ScriptPeer&) { return finished_of(repeat(32, 0)); });
  wrong("by_the_other_sides_key", [](ScriptPeer& p) {
    p.own_handshake_secret.swap(p.peer_handshake_secret);
    return p.finished();
  });
  wrong("over_less", [](ScriptPeer& p) {
    p.transcript.pop_back();
    return p.finished();
  });
  wrong("over_more", [](ScriptPeer& p) {
    append(p.transcript, p.finished());
    return p.finished();
  });
  malformed("empty", {});
  malformed("of_31", repeat(31, 1));
  malformed("of_33", repeat(33, 1));
  malformed("of_48", repeat(48, 1));
  both(out, "and_one_octet_in_its_record", Alert::unexpected_message, Reason::message_across_key_change,
       [](ScriptPeer& p) { p.put_message(join({p.finished(), {24}})); });
  both(out, "twice_in_a_record", Alert::unexpected_message, Reason::message_across_key_change,
       [](ScriptPeer& p) { p.put_message(join({p.finished(), p.finished()})); });
  both(out, "unprotected", Alert::unexpected_message, Reason::record_unprotected,
       [](ScriptPeer& p) { p.put_plain(record::ContentType::handshake, p.finished()); });
  both(out, "under_wrong_keys", Alert::bad_record_mac, Reason::record_mac_wrong, [](ScriptPeer& p) {
    const Octets f = p.finished();
    p.use_write_secret(repeat(32, 7));
    p.put_message(f);
  });
  both(out, "after_a_record_was_lost", Alert::bad_record_mac, Reason::record_mac_wrong, [](ScriptPeer& p) {
    p.put_record(record::ContentType::handshake, p.finished());
    p.out.clear();
    p.put_message(p.finished());
  });
  both(out, "as_application_data", Alert::unexpected_message, Reason::unexpected_record,
       [](ScriptPeer& p) { p.put_record(record::ContentType::application_data, p.finished()); });
  both(out, "broken_off_by_data", Alert::unexpected_message, Reason::unexpected_record, [](ScriptPeer& p) {
    p.put_record(record::ContentType::handshake, Bytes(p.finished()).first(10));
    p.put_data("data");
  });
  out.push_back(to_server("client_finished_and_again", Alert::unexpected_message, Reason::unexpected_message,
                          [](AgainstServer& c) {
                            c.up_to_wait_finished();
                            const Octets finished = c.client.finished();
                            c.client.send_finished();
                            c.client.put_message(finished);
                          }));
  out.push_back(to_client("server_finished_and_again", Alert::unexpected_message, Reason::unexpected_message,
                          [](AgainstClient& c) {
                            c.up_to_wait_finished();
                            const Octets finished = c.server.finished();
                            c.server.send_finished();
                            c.exchange();
                            ASSERT_TRUE(c.server.take_finished());
                            c.server.put_message(finished);
                          }));
  out.push_back(to_client("server_finished_before_encrypted_extensions", Alert::unexpected_message,
                          Reason::unexpected_message, [](AgainstClient& c) {
                            c.up_to_wait_ee();
                            c.server.put_message(c.server.finished());
                          }));
  return out;
}

}  // namespace sesame::test
