// A run of two virtual machines in the background, as whoever attaches to a live run needs it. The test says
// HVLAB_PROGRAM and HVLAB_MODELS.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "sim/record/live_client.hpp"
#include "sim/record/run_reader.hpp"

namespace hvlab::test {

namespace fs = std::filesystem;

inline std::string content(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// Two virtual machines on two processors, for some milliseconds.
inline std::string boot_command(const fs::path& run, const std::string& more) {
  const std::string models = HVLAB_MODELS;
  return std::string(HVLAB_PROGRAM) + " boot --reproducible --kernel " + models +
         "/monolithic/monolithic.elf --initrd " + models + "/kernel/kernel.elf --module " + models +
         "/kernel/programs.tar --append "
         "'vm1=vcpus:2,memory:48,disk:none,net:none vm2=vcpus:1,memory:48,disk:none,net:none -- panic=off "
         "run=/bin/smp --threads 2 --quick barrier"
         " -- panic=off run=/bin/smp --threads 1 --quick barrier' --memory 160M --cpus 2 --max-time 17ms "
         "--record " +
         run.string() + " " + more + " </dev/null >/dev/null 2>&1";
}

/// A run in the background.
class Run {
 public:
  Run(const fs::path& path, const std::string& more) : path_(path), process_(fork()) {
    if (process_ == 0) {
      execl("/bin/sh", "sh", "-c", ("exec " + boot_command(path, more)).c_str(), static_cast<char*>(nullptr));
      _exit(127);
    }
  }
  ~Run() {
    if (!ended_) kill(process_, SIGKILL), waitpid(process_, nullptr, 0);
  }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  std::string socket() const {
    for (int i = 0; i < 2000; ++i) {
      if (fs::exists(path_ / "run.json"))
        if (const auto at = record::live_socket(record::RunReader(path_.string()).run())) return *at;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    FAIL("the run has no socket");
    return "";
  }
  int wait() {
    int status = 0;
    waitpid(process_, &status, 0);
    ended_ = true;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  fs::path path_;
  pid_t process_;
  bool ended_ = false;
};

inline constexpr int kLimit = 124;  // the status of a run that --max-time ends

/// Somebody who is attached, and waits for what is answered.
struct Viewer {
  explicit Viewer(const std::string& socket) : client(socket) {}
  record::Json ask(const record::Json& request) {
    const u64 number = client.ask(request);
    for (int i = 0; i < 600 && client.connected(); ++i) {
      client.poll(100);
      if (auto answer = client.answer(number)) return *answer;
    }
    FAIL("no answer to " + request.dump());
    return {};
  }
  record::Json until(const std::string& event) {
    for (int i = 0; i < 600; ++i) {
      for (record::Json& one : client.news()) held.push_back(std::move(one));
      for (size_t k = 0; k < held.size(); ++k) {
        if (held[k].value("event", "") != event) continue;
        const record::Json found = held[k];
        held.erase(held.begin(), held.begin() + static_cast<std::ptrdiff_t>(k) + 1);
        return found;
      }
      if (!client.connected()) break;
      client.poll(100);
    }
    FAIL("no event " + event);
    return {};
  }
  record::Json step(record::Json request) {
    request["do"] = "step";
    const record::Json answer = ask(request);
    CAPTURE(answer.dump());
    REQUIRE(answer["ok"] == true);
    until("running");  // news of pauses before it are old
    return until("paused");
  }

  record::LiveClient client;
  std::vector<record::Json> held;
};

/// Every file but run.json has the same bytes in both.
inline void check_same(const fs::path& a, const fs::path& b) {
  unsigned files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(a)) {
    if (!entry.is_regular_file() || entry.path().filename() == "run.json") continue;
    CAPTURE(entry.path().string());
    CHECK(content(entry.path()) == content(b / fs::relative(entry.path(), a)));
    ++files;
  }
  CHECK(files >= 6);
}

}  // namespace hvlab::test
