// The Python reader of docs/ and the C++ reader say the same. Catches a format that is not what its
// description says.
#include <catch2/catch.hpp>
#include <cstdio>

#include "sim/record/trace_reader.hpp"
#include "temporary_folder.hpp"
#include "trace_samples.hpp"

using namespace hvlab;
using namespace hvlab::record;

namespace {

std::string output_of(const std::string& command) {
  std::string text;
  std::FILE* pipe = popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  char part[4096];
  for (size_t got; (got = std::fread(part, 1, sizeof part, pipe)) != 0;) text.append(part, got);
  REQUIRE(pclose(pipe) == 0);
  return text;
}

std::string python(const std::string& arguments) {
  return output_of("python3 " HVLAB_SOURCE_DIR "/docs/read_trace.py " + arguments);
}

template <class... Parts>
std::string line(const Parts&... parts) {
  std::string text;
  ((text += parts + ","), ...);
  text.back() = '\n';
  return text;
}

}  // namespace

TEST_CASE("the Python reader and ours read the same records") {
  const test::TemporaryFolder folder("python");
  const std::string path = (folder.path / "t").string();
  test::write_sample(path, test::sample_records());
  const TraceReader reader(path);
  std::string expected = "time_ps,core,lane,kind,a,b,rip\n";
  reader.each(0, kNever, [&](const Record& r) {
    const bool state = r.kind == trace_kind::kState;
    expected += line(std::to_string(r.time), std::to_string(r.core), reader.lanes().at(r.lane).name,
                     reader.name(NameTable::Kind, r.kind),
                     state ? reader.state_name(r.lane, r.a) : std::to_string(r.a), std::to_string(r.b),
                     std::to_string(r.rip));
    return true;
  });
  CHECK(python(path) == expected);
}

TEST_CASE("the Python reader and ours read the same summary") {
  const test::TemporaryFolder folder("python-summary");
  const std::string path = (folder.path / "t").string();
  test::write_sample(path, test::sample_records());
  const TraceReader reader(path);
  const SummaryLevel& level = reader.levels().back();
  std::string expected = "bucket,bucket_ps,lane,what,number\n";
  for (const Entry& e : level.entries) {
    expected +=
        line(std::to_string(e.bucket), std::to_string(u64{1} << level.shift), reader.lanes().at(e.lane).name,
             e.what < what::kTime ? reader.name(NameTable::Kind, e.what)
                                  : "ps " + reader.state_name(e.lane, e.what - what::kTime),
             std::to_string(e.value));
  }
  CHECK(python(path + " summary") == expected);
}
