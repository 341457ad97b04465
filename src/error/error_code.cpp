#include <sesame/error_code.h>

namespace sesame {

namespace {

class Category final : public std::error_category {
 public:
  const char* name() const noexcept override { return "sesame"; }
  std::string message(int value) const override { return Error(static_cast<Reason>(value - 1)).message(); }
};

}  // namespace

const std::error_category& error_category() noexcept {
  static const Category category;
  return category;
}

std::error_code make_error_code(Reason reason) noexcept {
  return {static_cast<int>(reason) + 1, error_category()};
}

std::optional<Reason> reason_of(const std::error_code& code) noexcept {
  if (code.category() != error_category() || code.value() < 1) return std::nullopt;
  return static_cast<Reason>(code.value() - 1);
}

}  // namespace sesame
