#include "sim/lab/arguments.hpp"

#include "sim/base/user_error.hpp"

namespace hvlab::lab {

namespace po = boost::program_options;

po::variables_map parse_arguments(const std::string& command, const std::vector<std::string>& arguments,
                                  const po::options_description& options, const char* positional) {
  namespace style = po::command_line_style;
  po::positional_options_description words;
  if (*positional != '\0') words.add(positional, -1);
  po::variables_map values;
  try {
    po::store(po::command_line_parser(arguments)
                  .options(options)
                  .positional(words)
                  .style(style::unix_style & ~style::allow_guessing)
                  .run(),
              values);
    po::notify(values);
  } catch (const po::error& error) {
    throw UserError(command + ": " + error.what() + "; see 'hvlab " + command + " --help'");
  }
  return values;
}

std::vector<std::string> texts_of(const po::variables_map& values, const char* option) {
  return values.count(option) != 0 ? values[option].as<std::vector<std::string>>()
                                   : std::vector<std::string>{};
}

}  // namespace hvlab::lab
