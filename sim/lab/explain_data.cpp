#include "sim/lab/explain_data.hpp"

#include <algorithm>

#include "sim/base/data_path.hpp"
#include "sim/base/user_error.hpp"
#include "sim/lab/claims.hpp"
#include "sim/lab/cluster_explanations.hpp"
#include "sim/lab/models.hpp"
#include "sim/lab/scenario_files.hpp"
#include "sim/lab/ways.hpp"
#include "sim/scenario/yaml_tree.hpp"
#include "sim/timing/profile.hpp"

namespace hvlab::lab {

namespace {

std::string text_at(const scenario::YamlNode& entry, const char* key) {
  const scenario::YamlNode* node = entry.find(key);
  return node == nullptr ? "" : node->text;
}

std::vector<std::string> texts_at(const scenario::YamlNode& entry, const char* key) {
  std::vector<std::string> texts;
  const scenario::YamlNode* node = entry.find(key);
  if (node == nullptr) return texts;
  texts.reserve(node->items.size());
  for (const scenario::YamlNode& item : node->items) texts.push_back(item.text);
  return texts;
}

/// Entries of explain/LIST.yaml.
std::vector<Explanation> read_file(const std::string& list, const std::string& kind) {
  const std::string path = (data_folder("explain") / (list + ".yaml")).string();
  scenario::Problems problems;
  const auto root = scenario::parse_yaml(path, read_scenario_file(path), problems);
  if (!root || !problems.empty()) throw UserError(problems.report());
  std::vector<Explanation> entries;
  entries.reserve(root->items.size());
  for (const scenario::YamlNode& entry : root->items)
    entries.push_back({kind, text_at(entry, "name"), text_at(entry, "en"), text_at(entry, "ja"),
                       text_at(entry, "source"), texts_at(entry, "also")});
  return entries;
}

std::vector<Explanation> ways() {
  std::vector<Explanation> entries;
  entries.reserve(all_ways().size());
  for (const Way& way : all_ways())
    entries.push_back({"way", way.name, way.summary, "", "docs/workloads.md", {}});
  return entries;
}

std::vector<Explanation> teaching_models() {
  std::vector<Explanation> entries;
  entries.reserve(models().size());
  for (const Model& model : models())
    entries.push_back({"model", model.name, model.summary, "", "docs/teaching-hypervisors.md", {}});
  return entries;
}

std::vector<Explanation> processors() {
  std::vector<Explanation> entries;
  for (const std::string& name : timing::profile_names()) {
    const timing::Profile profile = timing::load_profile(name, timing::Accuracy::Approximate);
    const auto assumed = std::ranges::count_if(profile.figures, &timing::Figure::assumed);
    const bool bare = name != profile.base;  // the only names of the list that have no file
    entries.push_back({"processor",
                       name,
                       profile.brand + (bare ? ", without hardware assistance for virtualization" : "") +
                           "; of " + std::to_string(profile.figures.size()) + " figures " +
                           std::to_string(assumed) + " are assumed",
                       "",
                       "profiles/cpu/" + profile.base + ".yaml",
                       {}});
  }
  return entries;
}

std::vector<Explanation> costs() {
  std::vector<Explanation> entries;
  const timing::Profile profile = timing::load_profile("amd-zen2", timing::Accuracy::Approximate);
  entries.reserve(profile.figures.size());
  for (const timing::Figure& figure : profile.figures) {
    entries.push_back({"cost",
                       figure.name,
                       "in amd-zen2 " + std::to_string(static_cast<u64>(figure.value)),
                       "",
                       figure.source,
                       {}});
  }
  return entries;
}

std::vector<Explanation> judged() {
  std::vector<Explanation> entries;
  entries.reserve(claims().size());
  for (const Claim& claim : claims())
    entries.push_back({"claim", claim.id, claim.summary, "", "docs/claims.md", {}});
  return entries;
}

/// Names that say nothing but themselves.
std::vector<Explanation> plain(const std::string& kind, const std::vector<std::string>& names,
                               const std::string& source) {
  std::vector<Explanation> entries;
  entries.reserve(names.size());
  for (const std::string& name : names) entries.push_back({kind, name, "", "", source, {}});
  return entries;
}

}  // namespace

const std::vector<ExplainedKind>& explained_kinds() {
  static const std::vector<ExplainedKind> kKinds = {
      {"ways", "way", "ways of running the workload"},
      {"models", "model", "teaching systems of our own"},
      {"phases", "phase", "phases of the workload"},
      {"processors", "processor", "processor profiles"},
      {"features", "feature", "features that profiles have and scenarios can take off them"},
      {"costs", "cost", "figures of a processor profile"},
      {"disks", "disk", "disk profiles"},
      {"links", "link", "link profiles"},
      {"overheads", "way in clusters", "what ways of virtualizing cost in clusters: profiles"},
      {"mixes", "mix", "what machines of clusters work at: profiles"},
      {"overhead-figures", "figure of a way", "figures of these profiles, which scenarios can set"},
      {"powers", "power profile", "what servers draw: profiles"},
      {"timings", "timeline", "timelines of high availability"},
      {"migrations", "migration policy", "policies of pre-copy"},
      {"metrics", "metric", "what runs measure"},
      {"accounts", "account", "accounts of the ledger"},
      {"exits", "exit reason", "why guests are left, by AMD's exit codes"},
      {"intel-exits", "exit reason of Intel's", "the same by Intel's basic exit reasons"},
      {"exit-classes", "class of exits", "what exits of both vendors have in common"},
      {"events", "event", "what processors and devices report"},
      {"occurrences", "occurrence", "what a cluster's log tells"},
      {"claims", "claim", "claims that scenarios can decide"},
      {"glossary", "word", "words"}};
  return kKinds;
}

std::vector<Explanation> explanations(const std::string& list) {
  const auto kind = std::ranges::find(explained_kinds(), list,
                                      [](const ExplainedKind& each) { return std::string(each.list); });
  if (kind == explained_kinds().end()) return {};
  if (list == "ways") return ways();
  if (list == "models") return teaching_models();
  if (list == "processors") return processors();
  if (list == "costs") return costs();
  if (list == "claims") return judged();
  if (list == "features") return plain(kind->kind, scenario_vocabulary().features, "sim/arch/features.inc");
  if (list == "disks") return plain(kind->kind, scenario_vocabulary().disks, "profiles/disk");
  if (list == "links") return plain(kind->kind, scenario_vocabulary().links, "profiles/link");
  if (auto entries = cluster_explanations(list, kind->kind); !entries.empty()) return entries;
  return read_file(list, kind->kind);
}

bool explains(const Explanation& entry, const std::string& name) {
  if (std::ranges::find(entry.also, name) != entry.also.end()) return true;
  const size_t star = entry.name.find('*');
  if (star == std::string::npos) return entry.name == name;
  const std::string start = entry.name.substr(0, star), end = entry.name.substr(star + 1);
  return name == entry.name ||
         (name.size() > start.size() + end.size() && name.starts_with(start) && name.ends_with(end));
}

std::vector<Explanation> best_of(std::vector<Explanation> entries) {
  const auto general = [](const Explanation& entry) { return entry.name.find('*') != std::string::npos; };
  if (!std::ranges::all_of(entries, general)) {
    std::erase_if(entries, general);
    return entries;
  }
  std::ranges::stable_sort(entries, std::ranges::greater(),
                           [](const Explanation& entry) { return entry.name.size(); });
  if (entries.size() > 1) entries.resize(1);
  return entries;
}

}  // namespace hvlab::lab
