#include "sim/lab/report_page.hpp"

#include <fmt/format.h>

#include <fstream>
#include <iterator>

#include "sim/base/data_path.hpp"
#include "sim/base/user_error.hpp"
#include "sim/lab/report_sections.hpp"
#include "sim/lab/result_files.hpp"

namespace hvlab::lab {

namespace {

struct Section {
  const char* id;
  std::string (*make)(const ReportInput&, Inks&);
};

/// In the order in which they are read.
constexpr Section kSections[] = {
    {"summary", summary_section},
    {"phases", phases_section},
    {"ledger", ledger_section},
    {"requests", requests_section},
    {"timeline", timeline_section},
    {"exits", exits_section},
    {"starts", starts_section},
    {"density", density_section},
    {"verdicts", verdicts_section},
    {"basis", basis_section},
    {"marks", marks_section},
    {"cluster", cluster_section},
    {"cluster_places", cluster_places_section},
    {"cluster_moves", cluster_moves_section},
    {"cluster_events", cluster_events_section},
    {"cluster_basis", cluster_basis_section},
};

/// Texts that the script says.
constexpr const char* kScriptTexts[] = {"all",      "show",      "hide",  "zoom_in", "zoom_out",
                                        "zoom_all", "zoom_help", "exits", "sort"};

std::string file_content(const char* name) {
  const std::filesystem::path path = data_folder("report") / name;
  std::ifstream file(path, std::ios::binary);
  if (!file) throw UserError("'" + path.string() + "' cannot be read");
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string notes_html(const ReportInput& input) {
  if (input.notes.empty()) return "";
  std::string text = fmt::format("<div class=\"notes\" role=\"note\">\n<h2>{}</h2>\n<ul>\n",
                                 html::escaped(input.say("report.notes")));
  for (const std::string& note : input.notes) text += "<li>" + html::escaped(note) + "</li>\n";
  return text + "</ul>\n</div>\n";
}

std::string script_texts(const ReportInput& input) {
  html::Json texts = html::Json::object();
  for (const char* key : kScriptTexts) texts[key] = input.say(std::string("report.script.") + key);
  return "<script type=\"application/json\" id=\"texts\">" + texts.dump() + "</script>\n";
}

struct Made {
  std::string contents, sections;
};

Made sections_of(const ReportInput& input, Inks& inks) {
  Made made;
  for (const Section& section : kSections) {
    const std::string body = section.make(input, inks);
    if (body.empty()) continue;
    const std::string heading = html::escaped(input.say(std::string("report.headings.") + section.id));
    made.contents += fmt::format("<li><a href=\"#{}\">{}</a></li>\n", section.id, heading);
    made.sections += fmt::format(
        "<section id=\"{0}\" aria-labelledby=\"h-{0}\">\n<h2 id=\"h-{0}\">{1}</h2>\n{2}</section>\n",
        section.id, heading, body);
  }
  return made;
}

}  // namespace

std::string report_page(const ReportInput& input) {
  Inks inks;
  const Made made = sections_of(input, inks);
  const std::string title = html::escaped(input.title);
  std::string page = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" "
      "content=\"light dark\">\n<title>{} – HVLab</title>\n<style>\n{}{}</style>\n</head>\n<body>\n",
      input.say.language(), title, file_content("report.css"), inks.style());
  page += inks.patterns();
  page += fmt::format("<header>\n<p class=\"kind\">{}</p>\n<h1>{}</h1>\n{}</header>\n",
                      html::escaped(input.say("report.kind")), title, facts_list(input));
  page += fmt::format("<nav aria-label=\"{}\"><ul>\n{}</ul></nav>\n",
                      html::escaped(input.say("report.contents")), made.contents);
  page += "<main>\n" + notes_html(input) + made.sections + "</main>\n";
  page += fmt::format("<footer><p>{}</p></footer>\n", html::escaped(input.say("report.footer")));
  return page + script_texts(input) + "<script>\n" + file_content("report.js") +
         "</script>\n</body>\n</html>\n";
}

void write_report(const std::vector<std::string>& names, const std::string& path, const std::string& language,
                  const std::string& title) {
  try {
    write_result_file(path, report_page(read_report_input(names, language, title)));
  } catch (const html::Json::exception& error) {
    throw UserError(std::string("statistics of a run are damaged: ") + error.what());
  }
}

}  // namespace hvlab::lab
