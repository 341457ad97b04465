// How --help looks: names on the left, sentences on the right, wrapped for a terminal of 80 columns.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace sesame::tool {

class HelpFormat final : public CLI::Formatter {
 public:
  std::string make_option(const CLI::Option* option, bool is_positional) const override;
  std::string make_subcommand(const CLI::App* command) const override;
  std::string make_usage(const CLI::App* app, std::string name) const override;
  std::string make_group(std::string group, bool is_positional,
                         std::vector<const CLI::Option*> options) const override;
};

}  // namespace sesame::tool
