#include "help_format.h"

namespace sesame::tool {

namespace {

constexpr std::size_t indent = 26;
constexpr std::size_t width = 80;

// `left`, and `right` in lines beside it; below it where `left` is long.
std::string two_columns(const std::string& left, std::string_view right) {
  std::string out = "  " + left;
  if (out.size() + 2 > indent)
    out += '\n' + std::string(indent, ' ');
  else
    out.resize(indent, ' ');
  std::size_t column = indent;
  while (!right.empty()) {
    const std::string_view word = right.substr(0, right.find(' '));
    if (column != indent && column + 1 + word.size() > width) {
      out += '\n' + std::string(indent, ' ');
      column = indent;
    } else if (column != indent) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
    right.remove_prefix(std::min(right.size(), word.size() + 1));
  }
  return out + '\n';
}

}  // namespace

std::string HelpFormat::make_option(const CLI::Option* option, bool is_positional) const {
  if (is_positional) return two_columns(option->get_type_name(), option->get_description());
  std::string names = option->get_name(false, true);
  for (std::size_t comma = names.find(','); comma != std::string::npos; comma = names.find(',', comma + 2)) {
    names.insert(comma + 1, " ");
  }
  // CLI11 appends what its checks say to the type.
  const std::string type = option->get_type_name();
  if (option->get_expected_max() != 0) names += " " + type.substr(0, type.find(':'));
  return two_columns(names, option->get_description());
}

std::string HelpFormat::make_subcommand(const CLI::App* command) const {
  return two_columns(command->get_name(), command->get_description());
}

std::string HelpFormat::make_usage(const CLI::App* app, std::string name) const {
  return "\n" + CLI::Formatter::make_usage(app, std::move(name));
}

std::string HelpFormat::make_group(std::string group, bool is_positional,
                                   std::vector<const CLI::Option*> options) const {
  // Groups of our own have an empty line in front already.
  const bool own = group != "Options" && group != "Positionals";
  std::string out = (own ? "" : "\n") + group + ":\n";
  for (const CLI::Option* option : options) out += make_option(option, is_positional);
  return out;
}

}  // namespace sesame::tool
