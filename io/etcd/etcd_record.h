// The port SharedRecord on etcd 3.4 or later: one key, through the JSON gateway that every etcd server has.
#pragma once

#include "io/etcd/etcd_options.h"
#include "io/report.h"
#include "io/shared_record.h"

#include <functional>
#include <memory>

namespace lockstep::io {

class EventLoop;

/// Always in TLS (1.2 at least): the server has to prove that it is the host that was asked for. One connection to one
/// server at a time, kept open; after a failure the next server's turn comes. StoreUp means that a linearizable read
/// was answered. No call is ever repeated by itself.
///
/// Every answer that is not exactly one of etcd's, or that comes later than `answer_max`, ends the connection. Why is
/// reported: a reason that goes on once in a while only.
///
/// Not for an etcd with users and roles (`auth enable`): its gateway does not hand the name in a client's certificate
/// on. Who is let in is a matter of client certificates, and of who reaches its ports.
///
/// Used on the loop's thread, and before the loop runs. The files are read there whenever it connects, so that renewed
/// ones count. A host that is a name is looked up on a thread of Asio's, for which the loop's end waits.
class EtcdRecord final : public SharedRecord {
 public:
  using Tell = std::function<void(SharedRecordEvent)>;

  /// `tell` is called on the loop's thread, never from within a call here, and not after the destructor. It may destroy
  /// this object.
  EtcdRecord(EventLoop& loop, EtcdOptions options, Tell tell, Report report);
  ~EtcdRecord() override;
  EtcdRecord(const EtcdRecord&) = delete;
  EtcdRecord& operator=(const EtcdRecord&) = delete;

  /// Begins to connect. Once.
  void start();

  /// These do nothing after StoreDown was told: whoever calls has that event still before him.
  void read() override;
  /// At most etcd::record_bytes_max.
  void replace(Revision expected, Buffer record) override;
  void reset() override;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace lockstep::io
