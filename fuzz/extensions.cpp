// Extensions::parse, for every message, against the same rules written down once more and slowly.
#include <map>
#include <set>
#include <vector>

#include "extension/table.h"
#include "support/script.h"

using namespace sesame;
using namespace sesame::extension;

namespace {

// RFC 8446 section 4.2, an extension at a time.
std::set<Reason> objections(const std::vector<message::Extension>& all, In in, const TypeSet& requested) {
  std::set<Reason> out;
  std::set<ExtensionType> seen;
  const bool answers = in == In::SH || in == In::EE || in == In::CT || in == In::HRR || in == In::SH12;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const ExtensionType type = all[i].extension_type;
    const Row* row = nullptr;
    for (const Row& r : rows) {
      if (r.type == type) row = &r;
    }
    if (!seen.insert(type).second) out.insert(Reason::extension_duplicate);
    if (row && (row->in & static_cast<int>(in)) == 0) out.insert(Reason::extension_misplaced);
    const bool needs_no_request = (in == In::HRR && type == ExtensionType::cookie) ||
                                  (in == In::SH12 && type == ExtensionType::supported_groups);
    if (answers && !requested.has(type) && !needs_no_request) out.insert(Reason::extension_unsolicited);
    if (in == In::CH && type == ExtensionType::pre_shared_key && i + 1 != all.size())
      out.insert(Reason::psk_extension_not_last);
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Script script({data, size});
  constexpr In messages[] = {In::CH, In::SH, In::EE, In::CT, In::CR, In::NST, In::HRR, In::SH12};
  const In in = messages[script.octet() % 8];
  TypeSet requested;
  const std::uint32_t bits = static_cast<std::uint32_t>(script.word()) << 16 | script.word();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if ((bits >> i & 1) != 0) requested.add(rows[i].type);
  }
  const Bytes raw = script.rest();
  if (raw.size() > 0xffff || wire::element_fault<message::Extension>(raw) != wire::Fault::none) return 0;
  const wire::list<message::Extension, 0, 0xffff> block{raw};
  std::vector<message::Extension> all;
  block.for_each([&](const message::Extension& e) { all.push_back(e); });

  const std::set<Reason> expected = objections(all, in, requested);
  const auto parsed = Extensions::parse(block, in, requested);
  if (!parsed) {
    FUZZ_CHECK(expected.contains(parsed.error().reason()));
    return 0;
  }
  FUZZ_CHECK(expected.empty());
  for (const Row& row : rows) {
    const message::Extension* found = nullptr;
    for (const auto& e : all) {
      if (e.extension_type == row.type) found = &e;
    }
    FUZZ_CHECK(parsed->has(row.type) == (found != nullptr));
    const Bytes body = (*parsed)[row.type];
    FUZZ_CHECK(found ? body.data() == found->extension_data.data.data() &&
                           body.size() == found->extension_data.data.size()
                     : body.empty());
  }
  return 0;
}
