// The built program on multiboot ELF files that need no operating system (multiboot.S, vmx_*.S).
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <string>

namespace {

namespace fs = std::filesystem;

struct Result {
  int status;
  std::string output;
};

Result boot(const std::string& program, const std::string& options) {
  const fs::path folder = fs::temp_directory_path() / ("hvlab-multiboot-" + std::to_string(::getpid()));
  fs::create_directories(folder);
  std::ofstream(folder / "module") << "one=1\ntwo=2";
  const std::string command = std::string(HVLAB_PROGRAM) + " boot --kernel " + BARE_PROGRAMS + program +
                              " --initrd '" + (folder / "module").string() +
                              " its line' --append 'first second' --debug-exit --max-time 1s " + options +
                              " </dev/null >" + (folder / "out").string() + " 2>/dev/null";
  const int ended = std::system(command.c_str());
  std::ifstream out(folder / "out", std::ios::binary);
  Result result{WEXITSTATUS(ended), {std::istreambuf_iterator<char>(out), {}}};
  fs::remove_all(folder);
  return result;
}

}  // namespace

// Catches boot information, a configuration item, an ACPI table, a serial port or a start of processors that
// such a program cannot use.
TEST_CASE("a multiboot program learns of memory, module, processors and devices, and starts the processors") {
  struct Case {
    const char* processor;
    bool extended;  // has an x2APIC
  };
  for (const Case& c : {Case{"intel-icelake", true}, Case{"intel-skylake", true},
                        Case{"intel-nehalem", false}, Case{"intel-penryn", false}, Case{"amd-zen2", true}}) {
    CAPTURE(c.processor);
    const Result result = boot("multiboot", std::string("--cpus 3 --memory 128M --cpu ") + c.processor);
    CHECK(result.status == (3 << 1 | 1));
    const std::string wanted =
        std::string(
            "magic 2badb002 \n"
            "upper 1fbc0 \n"  // KiB from 1 MiB on, without the 64 KiB of the tables
            "map 0 9fc00 1 9fc00 400 2 f0000 10000 2 100000 7ef0000 1 7ff0000 f000 3 7fff000 1000 4 \n"
            "line multiboot first second\n"
            "modules 1 \n"
            "module one=1\ntwo=2\n"
            "ram 8000000 \n"
            "processors 3 \n"
            "bridge 12378086 \n"
            "timer 608 \n"
            "extended ") +
        (c.extended ? "1" : "0") + " \nrunning 2 \ntaken 2 \n";
    CHECK(result.output == wanted);
  }
}

TEST_CASE("more memory than below the hole for devices") {
  const Result result = boot("multiboot", "--cpus 8 --memory 5G --cpu intel-icelake");
  CHECK(result.status == (3 << 1 | 1));
  CHECK(result.output.find("upper 2ffbc0 \n") != std::string::npos);
  CHECK(result.output.find(" 100000000 80000000 1 \n") != std::string::npos);
  CHECK(result.output.find("ram 140000000 \nprocessors 8 \n") != std::string::npos);
  CHECK(result.output.find("running 7 \ntaken 7 \n") != std::string::npos);
}

// Catches INIT that resets a processor in VMX operation, or is lost there; a start-up message that a guest in
// wait-for-SIPI sleeps through, or that an active one hears; a processor that VMXOFF does not give back to
// INIT.
TEST_CASE("INIT and start-up messages to a processor in VMX operation") {
  for (const char* processor : {"intel-icelake", "intel-skylake", "intel-nehalem", "intel-penryn"}) {
    CAPTURE(processor);
    const Result result = boot("vmx_processors", std::string("--cpus 2 --cpu ") + processor);
    CHECK(result.status == 1);
    CHECK(result.output ==
          "root 3 \n"        // goes on in root operation
          "guest 3 \n"       // exits with INIT
          "waiting 4 12 \n"  // exits with the start-up message and its vector
          "active 12 \n"     // exits with VMCALL alone
          "latched a \n"     // goes on in root operation, once more
          "off b \n"         // is reset behind VMXOFF
          "again 2 \n");     // and starts anew
  }
}

// Catches a guest that sleeps on or wakes without its event, on the way from a device or another processor to
// it; an exit that tells another state than the one it was in; an interrupt that the exit has lost, or that
// comes twice.
TEST_CASE("what ends the wait of a guest: timers, interrupts, NMIs") {
  struct Case {
    const char* processor;
    bool timer, ept;
  };
  for (const Case& c : {Case{"intel-icelake", true, true}, Case{"intel-skylake", true, true},
                        Case{"intel-nehalem", true, true}, Case{"intel-penryn", false, false}}) {
    CAPTURE(c.processor);
    const Result result = boot("vmx_events", std::string("--cpus 2 --cpu ") + c.processor);
    CHECK(result.status == 1);
    // Reason, activity, interruptibility, event, taken by the guest: interrupts, NMIs; interrupts taken in
    // all.
    const std::string timer =
        "timer 34 0 0 0 0 0 0 \n"   // a guest that runs
        "timer 34 1 0 0 0 0 0 \n"   // that has executed HLT
        "timer 34 1 0 0 0 0 0 \n";  // that was entered in HLT
    const std::string rest =
        "interrupt 1 0 0 0 0 0 1 \n"   // whatever the guest's IF
        "interrupt 1 1 0 0 0 0 1 \n"   // behind STI and HLT, without STI's shadow
        "interrupt 12 0 0 0 1 0 1 \n"  // the guest's own
        "injected 12 0 0 0 1 0 1 \n"   // into HLT
        "nmi 0 1 0 80000202 0 0 0 \n"
        "nmi 12 0 0 0 0 1 0 \n";                                 // the guest's own
    const std::string apic = "apic 12 0 0 0 0 0 0 \nsame 1 \n";  // as it is outside
    CHECK(result.output == (c.timer ? timer : "") + rest + (c.ept ? apic : ""));
  }
}
