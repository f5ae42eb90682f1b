// What was written on consoles, one file each: those of the machine, and those of its virtual machines.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sim/observe/event.hpp"
#include "sim/record/output_file.hpp"
#include "sim/record/run_writer.hpp"

namespace hvlab::record {

class ConsoleFiles final : public observe::Observer {
 public:
  /// `devices` are names by observe::DeviceId. A file is made when its device first writes.
  ConsoleFiles(RunWriter& run, std::vector<std::string> devices) : run_(run), devices_(std::move(devices)) {}

  void on_event(const observe::Event& event) override;

  /// A byte on the console of this name, one that is no device of the machine ("vm1-com1").
  void write(const std::string& name, u8 byte);

  /// Ends the files; tells the run what could not be written.
  void finish();

 private:
  struct Console {
    explicit Console(const std::string& path) : file(path) {}
    void put(u8 byte);
    void flush();
    OutputFile file;
    std::vector<u8> pending;
  };

  RunWriter& run_;
  std::vector<std::string> devices_;
  std::map<std::string, std::unique_ptr<Console>> consoles_;
};

}  // namespace hvlab::record
