// Catches a picture of an architecture that the run does not show, and counters of another span or another
// layer than they stand in.
#include "sim/views/layers.hpp"

#include <stdlib.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>

#include "sim/record/trace_recorder.hpp"
#include "sim/views/layer_counters.hpp"
#include "sim/views/messages.hpp"

namespace hvlab::views {
namespace {

using Kind = LayerBox::Kind;

// "hardware programs*2 < host-kernel": kinds in the order of the boxes, with what they are in.
std::string text_of(const LayerPicture& picture) {
  std::string text;
  for (const LayerBox& box : picture.boxes) {
    text += (text.empty() ? "" : " ") + std::string(name(box.kind));
    if (box.count != 1) text += "*" + std::to_string(box.count);
    if (box.parent >= 0) text += "<" + std::string(name(picture.boxes[box.parent].kind));
  }
  return text;
}

bool overlap(const LayerBox& a, const LayerBox& b) {
  return a.left < b.right - 1e-9 && b.left < a.right - 1e-9 && a.bottom < b.top - 1e-9 &&
         b.bottom < a.top - 1e-9;
}

// A box is in its parent and beside its siblings.
void check_places(const LayerPicture& picture) {
  for (const LayerBox& box : picture.boxes) {
    CAPTURE(name(box.kind));
    CHECK(box.left < box.right);
    CHECK(box.bottom < box.top);
    CHECK(box.top <= picture.rows);
    if (box.parent >= 0) {
      const LayerBox& parent = picture.boxes[box.parent];
      CHECK((box.left >= parent.left && box.right <= parent.right && box.bottom >= parent.bottom &&
             box.top <= parent.top));
    }
    for (const LayerBox& other : picture.boxes) {
      if (&other != &box && other.parent == box.parent) CHECK(!overlap(box, other));
    }
  }
}

LayerFacts facts_of(std::map<std::string, double, std::less<>> accounts, std::vector<unsigned> vms = {}) {
  LayerFacts facts;
  facts.accounts = std::move(accounts);
  facts.vms = std::move(vms);
  return facts;
}

LayerPicture picture_of(const LayerFacts& facts) {
  const LayerPicture picture = layer_picture(facts);
  check_places(picture);
  return picture;
}

const LayerBox& box_of(const LayerPicture& picture, Kind kind, unsigned vm = 0) {
  const auto found = std::ranges::find_if(
      picture.boxes, [&](const LayerBox& box) { return box.kind == kind && (vm == 0 || box.vm == vm); });
  REQUIRE(found != picture.boxes.end());
  return *found;
}

}  // namespace

TEST_CASE("programs on a kernel, and in containers") {
  LayerFacts facts = facts_of({{"host-kernel", 50}, {"host-user", 50}, {"idle", 100}});
  CHECK(picture_of(facts).shape == LayerShape::System);
  CHECK(text_of(picture_of(facts)) == "hardware host-kernel programs");
  facts.instances = 2;
  CHECK(text_of(picture_of(facts)) == "hardware host-kernel programs*2");
  facts.contained = true;
  CHECK(picture_of(facts).shape == LayerShape::Contained);
  CHECK(text_of(picture_of(facts)) ==
        "hardware host-kernel container programs<container container programs<container");
  facts.containers = {"container a", "container b", "container c", "container d", "container e"};
  const LayerPicture five = picture_of(facts);
  CHECK(text_of(five) ==
        "hardware host-kernel container programs<container container programs<container container*3 "
        "programs<container");
  CHECK(box_of(five, Kind::Container).name == "container a");
}

// The same accounts: only that nothing of the machine's own runs in user mode tells them apart.
TEST_CASE("a hypervisor on hardware has no host's kernel, one of a host is a part of it") {
  LayerFacts facts =
      facts_of({{"guest-user", 50}, {"guest-kernel", 30}, {"hypervisor", 20}, {"host-kernel", 5}}, {1});
  const LayerPicture bare = picture_of(facts);
  CHECK(bare.shape == LayerShape::OnHardware);
  CHECK(text_of(bare) == "hardware hypervisor machine guest-kernel<machine guest-programs<machine");
  CHECK(box_of(bare, Kind::Hypervisor).accounts ==
        std::vector<std::string>{"hypervisor", "host-kernel", "translation"});

  facts.accounts["vmm-process"] = 5;
  facts.accounts["host-user"] = 0.1;  // less than is worth a box
  const LayerPicture hosted = picture_of(facts);
  CHECK(hosted.shape == LayerShape::OnHost);
  CHECK(text_of(hosted) ==
        "hardware host-kernel machine vmm-process<machine guest-kernel<machine guest-programs<machine "
        "hypervisor<host-kernel");
  const LayerBox &hypervisor = box_of(hosted, Kind::Hypervisor), &guest = box_of(hosted, Kind::GuestKernel);
  CHECK(hypervisor.left <= guest.left);  // what the guest stands on
  facts.accounts["host-user"] = 10;
  CHECK(text_of(picture_of(facts)).find("host-kernel programs machine") != std::string::npos);
}

TEST_CASE("a management machine stands beside those that it serves") {
  LayerFacts facts =
      facts_of({{"guest-kernel", 30}, {"hypervisor", 20}, {"management-vm-kernel", 5}}, {1, 2});
  facts.management_vm = 2;
  const LayerPicture picture = picture_of(facts);
  CHECK(picture.shape == LayerShape::Managed);
  CHECK(box_of(picture, Kind::ManagementMachine).vm == 2);
  CHECK(box_of(picture, Kind::Machine).vm == 1);
  CHECK(box_of(picture, Kind::GuestKernel, 1).accounts == std::vector<std::string>{"guest-kernel"});
  CHECK(box_of(picture, Kind::GuestKernel, 2).accounts == std::vector<std::string>{"management-vm-kernel"});
  facts.management_vm = 0;  // nobody says which: the one that was there first
  CHECK(box_of(picture_of(facts), Kind::ManagementMachine).vm == 1);
}

// An account is of all guests: with several none of them may show it as its own.
TEST_CASE("many machines share a box, and no account is shown as one's") {
  const LayerFacts facts = facts_of({{"guest-kernel", 30}, {"hypervisor", 20}}, {1, 2, 3, 4, 5});
  const LayerPicture picture = picture_of(facts);
  CHECK(text_of(picture).find("machine*3") != std::string::npos);
  CHECK(box_of(picture, Kind::Machine, 3).count == 3);
  CHECK(box_of(picture, Kind::GuestKernel, 1).accounts.empty());
}

TEST_CASE("every kind and shape has words in both languages") {
  for (const std::string& language : languages()) {
    const Messages say = Messages::load(language);
    for (size_t i = 0; i < static_cast<size_t>(Kind::Count); ++i)
      CHECK(say.has(std::string("layers.") + name(static_cast<Kind>(i))));
    for (int i = 0; i <= static_cast<int>(LayerShape::OnHost); ++i)
      CHECK(say.has(std::string("layers.shape.") + name(static_cast<LayerShape>(i))));
  }
}

namespace {

// A nanosecond a cycle: 10 ns host, 20 guest, 10 exit handling, 20 guest, 20 idle; two exits, one request
// of 15.
void write_trace(const std::string& file) {
  using observe::Account;
  using observe::EventKind;
  record::TraceRecorder recorder({.file = file,
                                  .level = record::RecordLevel::Full,
                                  .frequency_hz = 1'000'000'000,
                                  .cores = 1,
                                  .devices = {"nobody", "disk"}});
  const auto event = [&](Picoseconds time, EventKind kind, u64 a, u64 b = 0, observe::DeviceId device = 0) {
    recorder.on_event(
        {.time = time, .a = a, .b = b, .rip = 0, .kind = kind, .core = 0, .device = device, .sequence = 0});
  };
  recorder.account_opened(0, Account::HostKernel, 0);
  event(10'000, EventKind::VmEntry, 0x1000, 0x9000);
  recorder.account_opened(0, Account::GuestKernel, 10);
  event(30'000, EventKind::VmExit, 0x7B);
  recorder.account_opened(0, Account::Hypervisor, 30);
  event(35'000, EventKind::RequestStart, 1, 512, 1);
  event(40'000, EventKind::VmEntry, 0x1000, 0x9000);
  recorder.account_opened(0, Account::GuestUser, 40);
  event(50'000, EventKind::RequestDone, 1, 512, 1);
  event(60'000, EventKind::VmExit, 0x7B);
  recorder.account_opened(0, Account::Idle, 60);
  recorder.finish({80});
}

}  // namespace

TEST_CASE("counters are of the span that is asked for") {
  std::string folder = (std::filesystem::temp_directory_path() / "hvlab-layers-XXXXXX").string();
  REQUIRE(mkdtemp(folder.data()) != nullptr);
  write_trace(folder + "/trace.hvt");
  const record::TraceReader trace(folder + "/trace.hvt");

  const auto whole = ledger_between(trace, 0, trace.end());
  CHECK(whole == std::vector<std::pair<std::string, double>>{{"guest-user", 20e-9},
                                                             {"guest-kernel", 20e-9},
                                                             {"hypervisor", 10e-9},
                                                             {"host-kernel", 10e-9},
                                                             {"idle", 20e-9}});
  CHECK(ledger_between(trace, 5, 5).empty());

  LayerFacts facts = facts_of({}, {1});
  for (const auto& [account, time] : whole) facts.accounts[account] = time;
  const LayerPicture picture = picture_of(facts);
  const auto index = [&](Kind kind) {
    return static_cast<size_t>(&box_of(picture, kind) - picture.boxes.data());
  };

  // 30 to 50 ns: half the hypervisor's, half the guest's programs'; one exit, at its beginning.
  const LayerCounters middle = layer_counters(picture, trace, 30'000, 50'000);
  CHECK(*middle.boxes[index(Kind::Hypervisor)].share == Approx(0.5));
  CHECK(*middle.boxes[index(Kind::GuestPrograms)].share == Approx(0.5));
  CHECK(*middle.boxes[index(Kind::GuestKernel)].share == 0);
  CHECK(*middle.boxes[index(Kind::Machine)].share == Approx(0.5));
  CHECK(*middle.boxes[index(Kind::Machine)].exits == Approx(1 / 20e-9));
  CHECK(middle.boxes[index(Kind::Machine)].reason == "io");
  CHECK(*middle.boxes[index(Kind::Hardware)].requests == Approx(1 / 20e-9));
  CHECK(*middle.boxes[index(Kind::Hardware)].share == 0);  // nothing is idle

  CHECK(*layer_counters(picture, trace, 60'000, 900'000).boxes[index(Kind::Hardware)].share == Approx(1));
  CHECK(!layer_counters(picture, trace, 900'000, 1'000'000).boxes[0].share);

  const Series series = series_between(trace, 0, trace.end(), 1);
  REQUIRE(series.exits.size() == 1);
  CHECK(series.exits[0] * static_cast<double>(series.width) * 1e-12 == Approx(2));
  CHECK(series.latency[0] == Approx(15e-9));
  CHECK(series.busy[0] == Approx(0.75));

  using Span = std::pair<Picoseconds, Picoseconds>;
  CHECK(window_around(trace, 40'000, 20'000) == Span{30'000, 50'000});
  CHECK(window_around(trace, 0, 20'000) == Span{0, 20'000});
  CHECK(window_around(trace, kNever, 20'000) == Span{trace.end() - 20'000, trace.end()});
  CHECK(window_around(trace, 1, kNever) == Span{0, trace.end()});
  std::filesystem::remove_all(folder);
}

}  // namespace hvlab::views
