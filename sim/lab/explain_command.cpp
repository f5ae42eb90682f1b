#include "sim/lab/explain_command.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <iostream>
#include <nlohmann/json.hpp>

#include "sim/base/user_error.hpp"
#include "sim/lab/arguments.hpp"
#include "sim/lab/explain_data.hpp"
#include "sim/lab/metric_names.hpp"
#include "sim/scenario/spelling.hpp"
#include "sim/timing/profile.hpp"
#include "sim/timing/vmx_reader.hpp"

namespace hvlab::lab {

namespace {

namespace po = boost::program_options;
using Json = nlohmann::ordered_json;

auto texts(const char* name) { return po::value<std::vector<std::string>>()->value_name(name); }

po::options_description common_options() {
  po::options_description options("Options", 110, 60);
  // clang-format off
  options.add_options()
      ("lang", po::value<std::string>()->value_name("en|ja")->default_value("en"), "the language of what is said")
      ("json", "as JSON")
      ("name", texts("NAME"), "what it is about")
      ("help", "show this");
  // clang-format on
  return options;
}

const std::string& meaning(const Explanation& entry, const std::string& language) {
  return language == "ja" && !entry.ja.empty() ? entry.ja : entry.en;
}

std::string language_of(const po::variables_map& values) {
  const auto language = values["lang"].as<std::string>();
  if (language != "en" && language != "ja") throw UserError("--lang '" + language + "': give en or ja");
  return language;
}

/// What is told of a processor besides, where one is asked for: too long for a list.
struct ProcessorDetails {
  std::vector<std::string> left_out;      // of the real part
  bool has_vmx = false;                   // its CPUID shows VMX, and software may use it
  std::vector<std::string> vmx;           // abilities, by the manual's names; empty: there are none
  std::vector<std::string> vmx_left_out;  // ... of the real part
};

ProcessorDetails details_of(const Explanation& entry) {
  if (entry.kind != "processor") return {};
  timing::Profile profile = timing::load_profile(entry.name, timing::Accuracy::Approximate);
  ProcessorDetails details;
  details.left_out = std::move(profile.not_modelled);
  details.has_vmx = std::ranges::count(profile.features, "vmx") != 0;
  if (!profile.has_vmx_data) return details;
  details.vmx = timing::vmx_names(profile.vmx);
  details.vmx_left_out = std::move(profile.vmx_not_modelled);
  return details;
}

Json json_of(const Explanation& entry) {
  Json json = {{"kind", entry.kind},
               {"name", entry.name},
               {"en", entry.en},
               {"ja", entry.ja},
               {"source", entry.source}};
  if (!entry.also.empty()) json["also"] = entry.also;
  const ProcessorDetails details = details_of(entry);
  if (!details.left_out.empty()) json["not_modelled"] = details.left_out;
  if (!details.vmx.empty())
    json["vmx"] = {
        {"on", details.has_vmx}, {"abilities", details.vmx}, {"not_modelled", details.vmx_left_out}};
  return json;
}

void print_json(const char* schema, const std::vector<Explanation>& entries) {
  Json list = Json::array();
  for (const Explanation& entry : entries) list.push_back(json_of(entry));
  std::cout << Json{{"schema", schema}, {"entries", list}}.dump(2) << '\n';
}

std::string folded(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

bool is_called(const Explanation& entry, const std::string& small) {
  return folded(entry.name) == small ||
         std::ranges::any_of(entry.also, [&](const std::string& also) { return folded(also) == small; });
}

/// Every entry about `name`, of all kinds; if there is none, those whose name differs in capitals alone.
std::vector<Explanation> about(const std::string& name, bool exactly = true) {
  std::vector<Explanation> found;
  for (const ExplainedKind& kind : explained_kinds()) {
    std::vector<Explanation> entries = explanations(kind.list);
    std::erase_if(entries, [&](const Explanation& entry) {
      return exactly ? !explains(entry, name) : !is_called(entry, folded(name));
    });
    entries = best_of(std::move(entries));
    found.insert(found.end(), entries.begin(), entries.end());
  }
  return found.empty() && exactly ? about(name, false) : found;
}

void print_details(const ProcessorDetails& details) {
  const auto print = [](const char* what, const std::vector<std::string>& names) {
    if (!names.empty()) std::cout << fmt::format("  {}: {}\n", what, fmt::join(names, ", "));
  };
  print("not modelled, and not advertised, of the real part", details.left_out);
  print(details.has_vmx ? "VMX" : "VMX (switched off here)", details.vmx);
  print("not modelled of the real part's VMX", details.vmx_left_out);
}

[[noreturn]] void unknown(const std::string& name) {
  std::vector<std::string> names;
  for (const ExplainedKind& kind : explained_kinds()) {
    for (const Explanation& entry : explanations(kind.list)) {
      names.push_back(entry.name);
      names.insert(names.end(), entry.also.begin(), entry.also.end());
    }
  }
  for (const scenario::Metric& metric : metric_names()) names.push_back(metric.name);
  const std::string meant = scenario::did_you_mean(name, names);
  throw UserError("explain: '" + name + "' is no name here" + (meant.empty() ? ";" : meant) +
                  " `hvlab list` has the kinds of names");
}

}  // namespace

int list_command(const std::vector<std::string>& arguments) {
  const po::options_description options = common_options();
  const po::variables_map values = parse_arguments("list", arguments, options, "name");
  const std::vector<std::string> names = texts_of(values, "name");
  if (values.count("help") != 0 || names.empty()) {
    std::cout << "usage: hvlab list KIND [OPTION]...\n\nKinds of names:\n";
    for (const ExplainedKind& kind : explained_kinds())
      std::cout << fmt::format("  {:<11} {}\n", kind.list, kind.what);
    if (values.count("help") != 0) std::cout << '\n' << options;
    return 0;
  }
  if (names.size() != 1) throw UserError("list: give one kind");
  const std::vector<Explanation> entries = explanations(names[0]);
  if (entries.empty()) {
    std::vector<std::string> kinds;
    for (const ExplainedKind& kind : explained_kinds()) kinds.emplace_back(kind.list);
    const std::string meant = scenario::did_you_mean(names[0], kinds);
    throw UserError("list: there is no kind '" + names[0] + "'" + (meant.empty() ? ";" : meant) +
                    " see 'hvlab list'");
  }
  const std::string language = language_of(values);
  if (values.count("json") != 0) return print_json("hvlab.list/1", entries), 0;
  for (const Explanation& entry : entries) {
    const std::string& text = meaning(entry, language);
    std::cout << (text.empty() ? entry.name : fmt::format("{:<24} {}", entry.name, text)) << '\n';
  }
  return 0;
}

int explain_command(const std::vector<std::string>& arguments) {
  const po::options_description options = common_options();
  const po::variables_map values = parse_arguments("explain", arguments, options, "name");
  if (values.count("help") != 0) {
    std::cout << "usage: hvlab explain NAME [OPTION]...\n\nSays what a metric, exit reason, event, account, "
                 "way or word means.\n\n"
              << options;
    return 0;
  }
  std::string name;
  for (const std::string& word : texts_of(values, "name")) name += (name.empty() ? "" : " ") + word;
  if (name.empty()) throw UserError("explain: what? See 'hvlab explain --help'");
  const std::vector<Explanation> entries = about(name);
  if (entries.empty()) unknown(name);
  if (values.count("json") != 0) return print_json("hvlab.explain/1", entries), 0;
  const std::string language = language_of(values);
  for (const Explanation& entry : entries) {
    std::cout << fmt::format("{} ({})\n", name, entry.kind);
    if (const std::string& text = meaning(entry, language); !text.empty()) std::cout << "  " << text << '\n';
    print_details(details_of(entry));
    if (!entry.source.empty()) std::cout << "  [" << entry.source << "]\n";
  }
  return 0;
}

}  // namespace hvlab::lab
