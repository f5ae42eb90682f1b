// What the viewer and the report make of run directories that others have written: each file of any content
// is shown as far as it goes, or refused with a UserError.
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "analysis/sample_run.hpp"
#include "fuzz.hpp"
#include "fuzz_trace.hpp"
#include "sim/base/user_error.hpp"
#include "sim/record/run_files.hpp"
#include "sim/views/exit_walk.hpp"
#include "sim/views/exits.hpp"
#include "sim/views/flame.hpp"
#include "sim/views/ladder.hpp"
#include "sim/views/lane_details.hpp"
#include "sim/views/lane_pictures.hpp"
#include "sim/views/lane_rows.hpp"
#include "sim/views/machine_document.hpp"
#include "sim/views/record_search.hpp"
#include "sim/views/requests.hpp"
#include "sim/views/run_set.hpp"
#include "sim/views/skew.hpp"

using namespace hvlab;
using namespace hvlab::views;

namespace {

namespace fs = std::filesystem;

constexpr const char* kRun =
    R"({"schema": "hvlab.run/1", "state": "partial", "process": {"host": "h", "id": 1}})";
constexpr const char* kRequest =
    R"({"system":1,"operation":"write","sector":0,"bytes":16384,"begin":1000,"end":9000,"cycles":12,"complete":true,)"
    R"("parts":1,"copied":16384,"exits":{"io":2},"unseen":["submit"],"pieces":[["call","guest-kernel",0,1000,2000,3],)"
    R"(["submit","exit",0,2000,3000,3],["submit","hypervisor",0,3000,4000,3],["medium","medium",0,4000,9000,3]]})";

constexpr const char* kMachine =
    R"({"time":7,"processors":[{"processor":1,"registers":{"general":[{"name":"rax","value":"0x1"}]},"code":[{"text":)"
    R"("nop"}],"walk":{"steps":[{"table":"PML4","nested":[{"table":"PT"}]}]},"apic":{"lvt":[{"name":"timer"}]}}],)"
    R"("control_blocks":[{"kind":"svm","vm":1,"fields":[{"group":"exit","name":"EXITCODE","value":"0x4e"}]}],)"
    R"("devices":[{"name":"com1","state":[{"name":"LSR","value":"0x60"}]}],"consoles":[{"name":"com1","tail":"x"}]})";

enum Part : u8 { kTrace, kRequests, kRunFile, kMachinesState, kParts };

void write(const fs::path& file, const void* data, size_t size) {
  std::ofstream(file, std::ios::binary)
      .write(static_cast<const char*>(data), static_cast<std::streamsize>(size));
}

const std::vector<u8>& sample_trace() {
  static const std::vector<u8> kBytes = [] {
    const std::string path = "/tmp/hvlab-fuzz-views-trace-" + std::to_string(getpid());
    test::write_recording(path);
    std::ifstream in(path, std::ios::binary);
    std::vector<u8> bytes(std::istreambuf_iterator<char>(in), {});
    unlink(path.c_str());
    return bytes;
  }();
  return kBytes;
}

// Everything that a view makes of a trace, far out and close by.
void look_at(const OpenRun& run) {
  const record::TraceReader& trace = *run.trace();
  const std::vector<LaneRow> rows = lane_rows(trace);
  LanePictures pictures;
  std::vector<u16> lanes;
  for (const auto& [lane, info] : trace.lanes()) lanes.push_back(lane);
  const Picoseconds begin = trace.begin(), end = trace.end();
  const auto whole = static_cast<PicosecondDelta>(std::min<Picoseconds>(end, u64{1} << 61));
  for (const PicosecondDelta until : {whole, PicosecondDelta{30'000}, PicosecondDelta{2'000}}) {
    const Columns columns{0, std::max<PicosecondDelta>(until, 64), 64};
    pictures.make(run, rows, columns);
    for (const SkewCurve& curve : skew_curves(trace)) skew_columns(curve, columns);
  }
  measure(trace, begin, end, lanes);
  records_in(trace, begin, end, lanes, 100);
  console_marks(trace);
  for (const u16 lane : lanes) interval_at(trace, lane, begin / 2 + end / 2);
  const RecordSearch search(trace, "vm");
  search.next(0);
  search.previous(end);
  sum_exits(trace, begin, end);
  count_exits(trace, begin, end);
  for (const Exit& exit : list_exits(trace, begin, end, {}, ExitOrder::Cost, 0, 3).exits) {
    qualification_text(exit);
    walk_of(trace, exit);
  }
  flame_of(trace, begin, end, FlameBy::Machine);
}

void look_at_requests(const fs::path& file) {
  const Requests requests = Requests::load(file, 1'000'000'000);
  for (const Requests::Group& group : requests.groups()) {
    hop_table(requests, group);
    const Ladder ladder = ladder_of(requests.read(requests.at_percentile(group, 50)), 1'000'000'000);
    const std::vector<Picoseconds> places = places_of(ladder, 1000);
    for (Picoseconds time = 0;; time = next_step(ladder, time)) {
      const Moment moment = moment_at(ladder, time);
      place_at(ladder, places, time);
      if (moment.over || next_step(ladder, time) <= time) break;
    }
  }
}

// A machine's state, as a program says it that calls itself hvlab or a run that one is attached to.
void look_at_machine(const std::vector<u8>& bytes) {
  const record::Json json = record::Json::parse(bytes.begin(), bytes.end(), nullptr, false);
  MachineDocument now = machine_document(json);
  mark_changed(now, machine_document(record::Json::parse(kMachine)));
}

}  // namespace

// The first byte says which of the files the rest is.
extern "C" int LLVMFuzzerTestOneInput(const u8* data, size_t size) {
  static const fs::path folder = "/tmp/hvlab-fuzz-views-" + std::to_string(getpid());
  if (size == 0) return 0;
  const Part part = static_cast<Part>(data[0] % kParts);
  std::vector<u8> bytes(data + 1, data + size);
  if (part == kMachinesState) {
    look_at_machine(bytes);
    return 0;
  }
  if (part == kTrace) fuzz::repair_trace(bytes);
  fs::create_directories(folder);
  write(folder / record::kTraceFile, sample_trace().data(), sample_trace().size());
  write(folder / record::kRequestsFile, kRequest, std::strlen(kRequest));
  write(folder / record::kRunFile, kRun, std::strlen(kRun));
  const char* const names[] = {record::kTraceFile, record::kRequestsFile, record::kRunFile};
  write(folder / names[part], bytes.data(), bytes.size());
  try {
    RunSet set = open_runs({folder.string()});
    for (const char* place : {"mark:HVLAB", "phase:cpu", "event:vm-exit#2"}) set.align(alignment_of(place));
    set.span();
    for (const auto& run : set.runs)
      if (run->trace() != nullptr) look_at(*run);
    look_at_requests(folder / record::kRequestsFile);
  } catch (const UserError&) {
  }
  fs::remove_all(folder);
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(u8* data, size_t size, size_t most, unsigned seed) {
  static const auto sample = [](u8 first, const std::vector<u8>& content) {
    std::vector<u8> bytes = {first};
    bytes.insert(bytes.end(), content.begin(), content.end());
    return bytes;
  };
  static const auto bytes_of = [](const char* text) {
    return std::vector<u8>(text, text + std::strlen(text));
  };
  static const std::vector<std::vector<u8>> samples = {
      sample(kTrace, sample_trace()), sample(kRequests, bytes_of(kRequest)), sample(kRunFile, bytes_of(kRun)),
      sample(kMachinesState, bytes_of(kMachine))};
  return fuzz::mutate(data, size, most, seed, samples);
}
