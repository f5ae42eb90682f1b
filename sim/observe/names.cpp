#include <array>
#include <utility>

#include "sim/observe/event.hpp"
#include "sim/observe/ledger.hpp"
#include "sim/observe/mark.hpp"

namespace hvlab::observe {

namespace {

constexpr std::array<const char*, static_cast<size_t>(EventKind::Count)> kEventNames = {
    "exception",
    "interrupt",
    "nmi",
    "software-interrupt",
    "ring-change",
    "system-call",
    "address-space",
    "halt",
    "wake",
    "port-read",
    "port-write",
    "mmio-read",
    "mmio-write",
    "ipi",
    "reset",
    "doorbell",
    "request-start",
    "request-done",
    "dma-read",
    "dma-write",
    "line-interrupt",
    "message-interrupt",
    "frame-sent",
    "frame-received",
    "console",
    "debug-exit",
    "vm-entry",
    "vm-exit",
    "vm-exit-detail",
    "probe",
    "software-mark",
    "software-mark-detail",
};

constexpr std::array<const char*, kAccounts> kAccountNames = {
    "guest-user",           "guest-kernel",       "hypervisor",  "host-kernel",  "host-user", "vmm-process",
    "management-vm-kernel", "management-vm-user", "translation", "world-switch", "idle",
};

constexpr std::pair<arch::mark::Kind, const char*> kMarkNames[] = {
    {arch::mark::Kind::VcpuState, "vcpu-state"},
    {arch::mark::Kind::ControlBlock, "control-block"},
    {arch::mark::Kind::Hypervisor, "hypervisor"},
    {arch::mark::Kind::VmDisk, "vm-disk"},
    {arch::mark::Kind::WorksFor, "works-for"},
    {arch::mark::Kind::ThreadSwitch, "thread-switch"},
    {arch::mark::Kind::ThreadWake, "thread-wake"},
    {arch::mark::Kind::DiskRequest, "disk-request"},
    {arch::mark::Kind::DiskMemory, "disk-memory"},
    {arch::mark::Kind::DiskStart, "disk-start"},
    {arch::mark::Kind::DiskDone, "disk-done"},
    {arch::mark::Kind::DiskCopy, "disk-copy"},
    {arch::mark::Kind::DatagramSent, "datagram-sent"},
    {arch::mark::Kind::DatagramReceived, "datagram-received"},
    {arch::mark::Kind::FrameSent, "frame-sent"},
    {arch::mark::Kind::FrameDone, "frame-done"},
    {arch::mark::Kind::FrameCopy, "frame-copy"},
};

static_assert(kEventNames.back() != nullptr && kAccountNames.back() != nullptr);

}  // namespace

const char* name(EventKind kind) { return kEventNames[static_cast<size_t>(kind)]; }
const char* name(Account account) { return kAccountNames[static_cast<size_t>(account)]; }
const char* name(arch::mark::Kind kind) {
  for (const auto& [known, text] : kMarkNames)
    if (known == kind) return text;
  return kind >= arch::mark::Kind::User ? "user" : "unknown";
}

}  // namespace hvlab::observe
