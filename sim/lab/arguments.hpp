// Command lines of subcommands: Boost.Program_options the way all of them use it.
#pragma once

#include <boost/program_options.hpp>
#include <string>
#include <vector>

namespace hvlab::lab {

/// Parses `arguments` by `options`; words that belong to no option go to option `positional`, if that is not
/// empty. No option is guessed from its start. Throws UserError.
boost::program_options::variables_map parse_arguments(
    const std::string& command, const std::vector<std::string>& arguments,
    const boost::program_options::options_description& options, const char* positional);

/// The texts of an option that may be repeated; none if it was not given.
std::vector<std::string> texts_of(const boost::program_options::variables_map& values, const char* option);

}  // namespace hvlab::lab
