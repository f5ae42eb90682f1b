// The requests of a live run: one table.
#include <fmt/format.h>

#include <algorithm>

#include "sim/inspect/processor_document.hpp"
#include "sim/lab/live_control.hpp"

namespace hvlab::lab {

using record::Json;

namespace {

struct Deed {
  const char* name;
  std::string (*run)(LiveControl& control, const Json& request, Json& answer);
};

constexpr Deed kDeeds[] = {
    {"status", [](LiveControl& c, const Json&, Json& a) { return a.update(c.status()), std::string(); }},
    {"pause", [](LiveControl& c, const Json&, Json&) { return c.pause(); }},
    {"go", [](LiveControl& c, const Json&, Json&) { return c.go(); }},
    {"step", [](LiveControl& c, const Json& r, Json&) { return c.step(r); }},
    {"speed", [](LiveControl& c, const Json& r, Json&) { return c.set_speed(r); }},
    {"state", [](LiveControl& c, const Json& r, Json& a) { return c.state(r, a); }},
    {"walk", [](LiveControl& c, const Json& r, Json& a) { return c.walk(r, a); }},
    {"tail", [](LiveControl& c, const Json& r, Json& a) { return c.tail(r, a); }},
};

/// An address: a number, or a text like "0xffff800000000000".
std::optional<u64> address_of(const Json& request, const char* name) {
  const auto found = request.find(name);
  if (found == request.end()) return std::nullopt;
  if (found->is_number_unsigned()) return found->get<u64>();
  if (!found->is_string()) return std::nullopt;
  const std::string text = found->get<std::string>();
  char* end = nullptr;
  const u64 value = std::strtoull(text.c_str(), &end, 0);
  return !text.empty() && *end == '\0' ? std::optional(value) : std::nullopt;
}

Json record_json(const record::Record& r) {
  return {r.time, r.kind, r.core, r.lane, inspect::hex(r.a), inspect::hex(r.b), inspect::hex(r.rip)};
}

}  // namespace

u64 whole_number(const Json& request, const char* name, u64 otherwise) {
  const auto found = request.find(name);
  if (found == request.end()) return otherwise;
  if (!found->is_number_unsigned()) throw BadRequest{fmt::format("'{}' is no whole number", name)};
  return found->get<u64>();
}

Json answer_to(LiveControl& control, const Json& request) {
  Json answer = Json::object();
  if (const auto id = request.find("id"); id != request.end() && (id->is_number_integer() || id->is_string()))
    answer["id"] = *id;
  const auto wanted = request.find("do");
  const std::string name = wanted != request.end() && wanted->is_string() ? wanted->get<std::string>() : "";
  const auto* deed = std::ranges::find(kDeeds, name, [](const Deed& row) { return std::string(row.name); });
  std::string problem = "'do' is one of status, pause, go, step, speed, state, walk, tail";
  Json result = Json::object();
  try {
    if (deed != std::end(kDeeds)) problem = deed->run(control, request, result);
  } catch (const BadRequest& bad) {
    problem = bad.what;
  } catch (const Json::exception&) {
    problem = "a member of the request has the wrong type";
  }
  answer["ok"] = problem.empty();
  if (problem.empty())
    answer.update(result);
  else
    answer["error"] = problem;
  return answer;
}

Json LiveControl::status() const {
  const board::Processors& processors = machine_.processors();
  Json json = {
      {"time", processors.time()},        {"paused", paused_}, {"instructions", processors.instructions()},
      {"processors", processors.count()}, {"speed", speed_},   {"why", why_}};
  if (where_) {
    json["processor"] = *where_;
    json["processor_time"] = processors.frequency().time_of(processors.at(*where_).cycles());
    if (const auto who = look_.vcpu_on(*where_); who.vm != 0) json["vm"] = who.vm, json["vcpu"] = who.vcpu;
  }
  json["virtual_processors"] = Json::array();
  for (const observe::ExitTotals::Vcpu& vcpu : look_.exits().vcpus())
    json["virtual_processors"].push_back({{"vm", vcpu.vm}, {"vcpu", vcpu.vcpu}, {"exits", vcpu.exits}});
  return json;
}

std::string LiveControl::state(const Json& request, Json& answer) {
  MachineLook::Wishes wishes;
  if (request.contains("processor")) {
    wishes.processor = whole_number(request, "processor", 0);
    if (*wishes.processor >= machine_.processors().count()) return "there is no such processor";
  }
  wishes.address = address_of(request, "address");
  if (request.contains("address") && !wishes.address) return "'address' is no address";
  wishes.console_bytes = std::min(whole_number(request, "console_bytes", 2000), ConsoleTails::kBytes);
  answer["state"] = look_.document(wishes);
  return "";
}

std::string LiveControl::walk(const Json& request, Json& answer) const {
  const auto address = address_of(request, "address");
  if (!address) return "'address' is missing or no address";
  const size_t processor = whole_number(request, "processor", 0);
  if (processor >= machine_.processors().count()) return "there is no such processor";
  std::optional<u64> block;
  if (request.contains("vm")) {
    block = look_.block_of(static_cast<unsigned>(whole_number(request, "vm", 0)),
                           static_cast<unsigned>(whole_number(request, "vcpu", 0)));
    if (!block) return "there is no such virtual processor";
  }
  static constexpr std::pair<const char*, mmu::Access> kAccesses[] = {
      {"read", mmu::Access::Read}, {"write", mmu::Access::Write}, {"execute", mmu::Access::Execute}};
  const std::string access = request.value("access", "read");
  for (const auto& [name, value] : kAccesses) {
    if (access != name) continue;
    answer["walk"] = inspect::walk_document(machine_, processor, block, *address, value);
    return "";
  }
  return "'access' is read, write or execute";
}

std::string LiveControl::tail(const Json& request, Json& answer) const {
  if (trace_ == nullptr) return "the run records no trace";
  const u64 written = trace_->written();
  const std::vector<record::Record>& pending = trace_->pending_records();
  const u64 from = std::max(whole_number(request, "from", 0), written) - written;
  answer["written"] = written;
  answer["from"] = written + std::min<u64>(from, pending.size());
  answer["records"] = Json::array();
  for (size_t i = from; i < pending.size(); ++i) answer["records"].push_back(record_json(pending[i]));
  answer["names"] = Json::array();
  for (const record::NameEntry& name : trace_->pending_names())
    answer["names"].push_back(
        {static_cast<unsigned>(name.table), inspect::hex(name.key), inspect::hex(name.value), name.text});
  return "";
}

}  // namespace hvlab::lab
