// A port that nothing may be sent through: for machines that are to refuse what they are given.
#pragma once

#include <gtest/gtest.h>

#include "handshake/port.h"

namespace sesame::test {

class ClosedPort final : public handshake::MessagePort {
 public:
  wire::Buffer& messages() override { return refuse(), buffer_; }
  Expected<> send_flight() override { return refused(); }
  Expected<> send_change_cipher_spec() override { return refused(); }
  Expected<> set_read_keys(const policy::Suite&, const crypto::HmacKey&) override { return refused(); }
  Expected<> set_write_keys(const policy::Suite&, const crypto::HmacKey&) override { return refused(); }
  void set_version(ProtocolVersion) override { refuse(); }
  Expected<> set_read_keys(const record::BlockKeys&) override { return refused(); }
  Expected<> set_write_keys(const record::BlockKeys&) override { return refused(); }
  Expected<> set_read_keys(const record::BlockKeys&, const record::BlockKeys&) override { return refused(); }
  bool reads_by_older_keys() const noexcept override { return false; }
  Expected<> send_warning(Alert) override { return refused(); }
  void limit_sent_content(std::size_t) override { refuse(); }
  void limit_received_content(std::size_t) override { refuse(); }
  void limit_plain_content(std::size_t) override { refuse(); }
  void clear_write_keys() override { refuse(); }
  const policy::Settings& use_context(std::shared_ptr<const Context>) override { return refuse(), settings_; }
  void accept_early_data(std::uint32_t) override { refuse(); }
  void pass_over_early_data() override { refuse(); }

 private:
  static void refuse() { ADD_FAILURE() << "something was sent, or keys were set"; }
  static Expected<> refused() { return refuse(), Expected<>(); }
  wire::Buffer buffer_;
  policy::Settings settings_;
};

}  // namespace sesame::test
