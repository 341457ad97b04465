// Finished, and the change of keys in front of it (RFC 5246 sections 7.1 and 7.4.9).
#include "hostile12/variants.h"

namespace sesame::test {

namespace {

constexpr Alert decode = Alert::decode_error;
constexpr Alert mac = Alert::bad_record_mac;
constexpr Alert unexpected = Alert::unexpected_message;

// Of either side, behind its ChangeCipherSpec.
template <class Script>
void both(std::vector<Variant>& out, const std::string& name, Alert alert, Reason reason, Script script) {
  for (const std::string_view which : {"psk", "psk_cbc", "ecdhe_ecdsa", "psk_tls10"}) {
    const std::string whole = "finished_" + name + "_of_" + std::string(which);
    out.push_back(to_server12(
        whole, alert, reason,
        [=](AgainstServer12& c) {
          c.up_to_changed();
          script(static_cast<Script12Peer&>(c.client));
        },
        which));
    out.push_back(to_client12(
        whole, alert, reason,
        [=](AgainstClient12& c) {
          c.up_to_changed();
          script(static_cast<Script12Peer&>(c.server));
        },
        which));
  }
}

Octets finished_of(const Octets& verify_data) {
  return ScriptPeer::message(message::HandshakeType::finished, verify_data);
}

}  // namespace

std::vector<Variant> finished12_variants() {
  std::vector<Variant> out;
  using P = Script12Peer;
  const auto wrong = [&](std::string name, auto make) {
    both(out, name, Alert::decrypt_error, Reason::finished_mismatch, [=](P& p) { p.put_message(make(p)); });
  };
  wrong("first_bit_wrong", [](P& p) {
    Octets f = p.finished12();
    f[4] ^= 0x80;
    return f;
  });
  wrong("last_bit_wrong", [](P& p) {
    Octets f = p.finished12();
    f.back() ^= 1;
    return f;
  });
  wrong("zero", [](P&) { return finished_of(Octets(12)); });
  wrong("of_the_other_side", [](P& p) {
    return finished_of(p.verify_data(p.side == Side::client ? Side::server : Side::client));
  });
  wrong("over_less", [](P& p) {
    p.transcript.pop_back();
    return p.finished12();
  });
  wrong("over_more", [](P& p) {
    append(p.transcript, p.finished12());
    return p.finished12();
  });
  const auto malformed = [&](std::string name, Octets verify_data) {
    both(out, name, decode, Reason::malformed_message,
         [=](P& p) { p.put_message(finished_of(verify_data)); });
  };
  malformed("empty", {});
  malformed("of_11", repeat(11, 1));
  malformed("of_13", repeat(13, 1));
  malformed("of_36", repeat(36, 1));
  both(out, "declared_of_65536", decode, Reason::malformed_message,
       [](P& p) { p.put_record(record::ContentType::handshake, join({u8(20), u24(65536)})); });
  // In front of the keys' change nothing was protected, behind it everything is.
  both(out, "unprotected", mac, Reason::record_mac_wrong,
       [](P& p) { p.put_plain(record::ContentType::handshake, p.finished12(), p.version); });
  both(out, "as_application_data", unexpected, Reason::unexpected_record,
       [](P& p) { p.put_record(record::ContentType::application_data, p.finished12()); });
  both(out, "behind_data", unexpected, Reason::unexpected_record, [](P& p) { p.put_data("data"); });
  both(out, "behind_empty_data", unexpected, Reason::unexpected_record, [](P& p) { p.put_data(""); });
  both(out, "broken_off_by_data", unexpected, Reason::unexpected_record, [](P& p) {
    p.put_record(record::ContentType::handshake, Bytes(p.finished12()).first(10));
    p.put_data("data");
  });
  both(out, "behind_another_change", unexpected, Reason::unexpected_message,
       [](P& p) { p.put_record(record::ContentType::change_cipher_spec, Octets{1}); });
  // The record behind one that was lost.
  both(out, "after_a_record_was_lost", mac, Reason::record_mac_wrong, [](P& p) {
    p.put_record(record::ContentType::handshake, p.finished12());
    p.out.clear();
    p.put_record(record::ContentType::handshake, p.finished12());
  });
  for (Variant& v : out) {
    // Of a client whose key is shared a record that does not open means that the keys differ.
    const bool is_shared = v.name.starts_with("to_server") && v.name.find("_of_psk") != std::string::npos;
    const bool is_short = v.name.find("unprotected") != std::string::npos;  // for any record of these keys
    if (is_shared && !is_short && v.reason == Reason::record_mac_wrong) v.reason = Reason::psk_key_mismatch;
  }
  return out;
}

}  // namespace sesame::test
