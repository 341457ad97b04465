#include "extension/table.h"

#include <bitset>
#include <memory>
#include <string>

namespace sesame::extension {
namespace {

// The types without a row that a message had. Real messages have a few (GREASE); a hostile one may have 16
// thousand.
class UnknownTypes {
 public:
  /// False if `type` was there before.
  bool add(ExtensionType type) {
    const auto value = static_cast<std::uint16_t>(type);
    if (many_) return !std::exchange((*many_)[value], true);
    for (std::size_t i = 0; i < count_; ++i) {
      if (few_[i] == value) return false;
    }
    if (count_ < few_.size()) {
      few_[count_++] = value;
      return true;
    }
    many_ = std::make_unique<std::array<bool, 0x10000>>();
    for (const std::uint16_t seen : few_) (*many_)[seen] = true;
    return !std::exchange((*many_)[value], true);
  }

 private:
  std::array<std::uint16_t, 16> few_;
  std::size_t count_ = 0;
  std::unique_ptr<std::array<bool, 0x10000>> many_;
};

}  // namespace

std::string name(ExtensionType type) {
  const int row = row_of(type);
  if (row >= 0) return std::string(rows[static_cast<std::size_t>(row)].name);
  return "extension " + std::to_string(static_cast<unsigned>(type));
}

Expected<Extensions> Extensions::parse(const wire::list<message::Extension, 0, 0xffff>& block, In in,
                                       const TypeSet& requested) {
  Extensions out;
  UnknownTypes unknown;
  const bool answers = in != In::CH && in != In::NST && in != In::CR;
  wire::Reader r(block.raw);  // checked when the message was decoded
  while (!r.empty()) {
    message::Extension extension;
    wire::read(r, extension);
    const ExtensionType type = extension.extension_type;
    const int row = row_of(type);
    if (row < 0) {
      if (answers) return fail(Reason::extension_unsolicited, name(type));
      if (!unknown.add(type)) return fail(Reason::extension_duplicate, name(type));
      continue;
    }
    if (out.has(type)) return fail(Reason::extension_duplicate, name(type));
    // Section 4.2: not for this message is illegal_parameter, not asked for is unsupported_extension.
    if ((rows[static_cast<std::size_t>(row)].in & static_cast<int>(in)) == 0)
      return fail(Reason::extension_misplaced, name(type));
    const bool needs_no_request = (in == In::HRR && type == ExtensionType::cookie) ||
                                  (in == In::SH12 && type == ExtensionType::supported_groups);
    if (answers && !requested.has(type) && !needs_no_request)
      return fail(Reason::extension_unsolicited, name(type));
    // Section 4.2.11: it has to be the last, since the binders cover all that is in front of them.
    if (in == In::CH && out.has(ExtensionType::pre_shared_key)) return fail(Reason::psk_extension_not_last);
    out.present_.add(type);
    out.data_[static_cast<std::size_t>(row)] = extension.extension_data.data;
  }
  if (in == In::CH && out.has(ExtensionType::pre_shared_key)) {
    // An unknown extension may not stand behind it either.
    const Bytes data = out[ExtensionType::pre_shared_key];
    if (data.data() + data.size() != block.raw.data() + block.raw.size())
      return fail(Reason::psk_extension_not_last);
  }
  return out;
}

}  // namespace sesame::extension
