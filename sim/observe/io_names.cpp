#include <array>
#include <initializer_list>
#include <span>

#include "sim/observe/io_request.hpp"

namespace hvlab::observe {

namespace {

constexpr std::array<const char*, kIoStages> kStages = {"call",     "submit",   "driver",    "device",
                                                        "medium",   "done",     "interrupt", "handler",
                                                        "complete", "injected", "return"};
constexpr std::array<const char*, kIoPlaces> kPlaces = {
    "guest-user", "guest-kernel",      "other-guest",     "exit",    "entry", "hypervisor", "host-kernel",
    "host-user",  "management-kernel", "management-user", "waiting", "idle",  "device",     "medium",
    "unknown"};
constexpr std::array<const char*, static_cast<size_t>(IoOperation::Count)> kOperations = {
    "read", "write", "flush", "discard", "round-trip", "ping", "send", "receive", "other"};
static_assert(kStages.back() != nullptr && kPlaces.back() != nullptr && kOperations.back() != nullptr);

struct Label {
  IoStage stage;
  IoWhere where;
  const char* text;
};
using S = IoStage;
using W = IoWhere;
/// Where stage and place together have a name of their own; `guest` ones are those of requests of virtual
/// machines.
constexpr Label kLabels[] = {
    {S::Call, W::GuestKernel, "guest kernel: system call"},
    {S::Call, W::HostKernel, "kernel: system call"},
    {S::Submit, W::GuestKernel, "guest driver to its doorbell"},
    {S::Submit, W::Exit, "exit"},
    {S::Submit, W::Entry, "entry"},
    {S::Submit, W::Hypervisor, "hypervisor"},
    {S::Submit, W::HostUser, "user-space VMM"},
    {S::Submit, W::HostKernel, "host kernel"},
    {S::Submit, W::Waiting, "waits for a processor"},
    {S::Driver, W::HostKernel, "driver to its doorbell"},
    {S::Driver, W::Hypervisor, "driver to its doorbell"},
    {S::Driver, W::ManagementKernel, "driver to its doorbell"},
    {S::Submit, W::ManagementKernel, "management VM: back end"},
    {S::Handler, W::ManagementKernel, "interrupt handler, driver"},
    {S::Complete, W::ManagementKernel, "management VM: back end"},
    {S::Handler, W::HostKernel, "interrupt handler, driver"},
    {S::Handler, W::Hypervisor, "interrupt handler, driver"},
    {S::Driver, W::GuestKernel, "driver to its doorbell"},  // a partition's
    {S::Handler, W::GuestKernel, "interrupt handler, driver"},
    {S::Complete, W::GuestKernel, "guest, before it is told"},
    {S::Complete, W::Exit, "exit"},
    {S::Complete, W::Entry, "entry, injection"},
    {S::Complete, W::Hypervisor, "hypervisor"},
    {S::Complete, W::HostUser, "user-space VMM"},
    {S::Complete, W::HostKernel, "host kernel"},
    {S::Complete, W::Waiting, "waits for a processor"},
    {S::Injected, W::GuestKernel, "guest's interrupt, driver"},
    {S::Injected, W::HostUser, "user-space VMM"},
    {S::Return, W::GuestKernel, "guest kernel: back from the call"},
    {S::Return, W::HostKernel, "kernel: back from the call"},
    {S::Return, W::Waiting, "the caller waits for a processor"},
};
/// The same for round trips and received frames, whose handler stage leads all the way up.
constexpr Label kFrameLabels[] = {
    {S::Device, W::Device, "device sends"},
    {S::Medium, W::Medium, "wire and peer"},
    {S::Handler, W::HostKernel, "host kernel from the interrupt on"},
    {S::Handler, W::ManagementKernel, "management VM from the interrupt on"},
    {S::Handler, W::Hypervisor, "hypervisor"},
    {S::Handler, W::HostUser, "user-space VMM"},
    {S::Handler, W::Waiting, "waits for a processor"},
    {S::Handler, W::GuestKernel, "guest, before it is told"},
    {S::Handler, W::Entry, "entry, injection"},
};
constexpr Label kSendLabels[] = {
    {S::Device, W::Device, "device sends"},
    {S::Handler, W::HostKernel, "driver gets it back"},
    {S::Handler, W::Hypervisor, "driver gets it back"},
    {S::Handler, W::ManagementKernel, "driver gets it back"},
    {S::Handler, W::GuestKernel, "driver gets it back"},
};
constexpr std::array<const char*, kIoPlaces> kPlaceTexts = {"guest program",
                                                            "guest kernel",
                                                            "another guest runs",
                                                            "exit",
                                                            "entry",
                                                            "hypervisor",
                                                            "host kernel",
                                                            "user space",
                                                            "management VM's kernel",
                                                            "management VM's program",
                                                            "waits to run",
                                                            "idle",
                                                            "device",
                                                            "medium",
                                                            "not known"};

}  // namespace

const char* name(IoStage stage) { return kStages[static_cast<size_t>(stage)]; }
const char* name(IoWhere where) { return kPlaces[static_cast<size_t>(where)]; }
const char* name(IoOperation operation) { return kOperations[static_cast<size_t>(operation)]; }

std::string io_hop_label(IoOperation operation, IoStage stage, IoWhere where) {
  const bool send = operation == IoOperation::Send;
  std::string place = kPlaceTexts[static_cast<size_t>(where)];
  // It is on the wire; its call may still have to return.
  if (send && (stage == S::Medium || stage == S::Complete)) return "afterwards: " + place;
  const std::span<const Label> own = send ? std::span<const Label>(kSendLabels)
                                     : is_trip(operation) || operation == IoOperation::Receive
                                         ? std::span<const Label>(kFrameLabels)
                                         : std::span<const Label>();
  for (const std::span<const Label> labels : {own, std::span<const Label>(kLabels)})
    for (const Label& each : labels)
      if (each.stage == stage && each.where == where) return each.text;
  if (stage == S::Done) return "device asks for an interrupt: " + place;
  if (stage == S::Interrupt) return "interrupt under way: " + place;
  return place;
}

bool IoRequest::complete() const {
  constexpr auto all = [](std::initializer_list<S> stages) {
    unsigned mask = 0;
    for (const S stage : stages) mask |= 1u << static_cast<unsigned>(stage);
    return mask;
  };
  constexpr unsigned kBlock =
      all({S::Submit, S::Driver, S::Medium, S::Done, S::Handler, S::Complete, S::Return});
  constexpr unsigned kTrip = all({S::Submit, S::Device, S::Medium, S::Done, S::Return});
  constexpr unsigned kSend = all({S::Submit, S::Device, S::Medium}), kReceive = all({S::Done, S::Return});
  const unsigned needed = is_trip(operation)                  ? kTrip
                          : operation == IoOperation::Send    ? kSend
                          : operation == IoOperation::Receive ? kReceive
                                                              : kBlock;
  return (seen & needed) == needed;
}

}  // namespace hvlab::observe
