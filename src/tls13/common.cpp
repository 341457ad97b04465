#include "tls13/common.h"

#include "message/key_update.h"

namespace sesame::tls13 {

using message::HandshakeType;

Expected<> write_finished(wire::Buffer& out, transcript::Transcript& transcript,
                          const crypto::HmacKey& traffic_secret, Bytes transcript_hash) {
  const crypto::HashValue verify_data = secret::finished_verify_data(traffic_secret, transcript_hash);
  auto finished =
      write_message(out, HandshakeType::finished, [&](wire::Writer& w) { w.put(verify_data.bytes()); });
  if (!finished) return std::unexpected(std::move(finished.error()));
  transcript.add(*finished);
  return {};
}

Expected<> check_finished(const handshake::Incoming& message, const crypto::HmacKey& traffic_secret,
                          Bytes transcript_hash) {
  if (message.body().size() != traffic_secret.hash().size()) {
    return fail(Reason::malformed_message, "Finished: the size of verify_data is not that of the hash");
  }
  const crypto::HashValue expected = secret::finished_verify_data(traffic_secret, transcript_hash);
  if (!secret::equal_in_constant_time(expected.bytes(), message.body()))
    return fail(Reason::finished_mismatch);
  return {};
}

Expected<> send_key_update(Endpoint& endpoint, bool request_peer) {
  using message::KeyUpdate;
  using message::KeyUpdateRequest;
  endpoint.key_update_owed = false;
  const KeyUpdate update{request_peer ? KeyUpdateRequest::update_requested
                                      : KeyUpdateRequest::update_not_requested};
  auto written =
      write_message(endpoint.port, HandshakeType::key_update, [&](wire::Writer& w) { write(w, update); });
  if (!written) return std::unexpected(std::move(written.error()));
  if (auto ok = endpoint.port.send_flight(); !ok) return ok;
  handshake::Established& established = endpoint.established;
  const crypto::Hash& hash = endpoint.settings->provider->hash(established.suite->hash);
  established.write_secret =
      secret::next_traffic_secret(crypto::HmacKey(hash, established.write_secret.bytes()));
  return endpoint.port.set_write_keys(*established.suite,
                                      crypto::HmacKey(hash, established.write_secret.bytes()));
}

Expected<> on_key_update(Endpoint& endpoint, const handshake::Incoming& message) {
  const auto update = wire::decode<message::KeyUpdate>(message.body());
  if (!update) return malformed(update.error(), message.type);
  if (update->request_update > message::KeyUpdateRequest::update_requested) {
    return fail(Reason::key_update_invalid, "request_update is neither 0 nor 1");
  }
  if (!message.ends_record) return fail(Reason::message_across_key_change);
  if (++endpoint.key_updates > endpoint.settings->options.limits.key_updates) {
    return fail(Reason::too_many_key_updates);
  }
  handshake::Established& established = endpoint.established;
  const crypto::Hash& hash = endpoint.settings->provider->hash(established.suite->hash);
  established.read_secret =
      secret::next_traffic_secret(crypto::HmacKey(hash, established.read_secret.bytes()));
  auto ok =
      endpoint.port.set_read_keys(*established.suite, crypto::HmacKey(hash, established.read_secret.bytes()));
  if (!ok) return ok;
  if (update->request_update == message::KeyUpdateRequest::update_requested && !endpoint.write_closed) {
    endpoint.key_update_owed = true;
  }
  return {};
}

}  // namespace sesame::tls13
