#include "io/tls/certificate.h"

#include "io/tls/testing/credentials.h"

#include <gtest/gtest.h>
#include <openssl/x509_vfy.h>

namespace lockstep::tls {
namespace {

using testing::credentials;
using testing::demo_authority;

TEST(Certificate, says_for_which_place_of_which_cluster_it_is) {
  const Credentials mine = credentials("second");
  const auto read = Certificate::from_pem(mine.certificate.pem());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->identity(), (Identity{"demo", "second"}));
  EXPECT_EQ(read->fingerprint(), mine.certificate.fingerprint());
  EXPECT_NE(read->fingerprint(), mine.authority.fingerprint());
  EXPECT_EQ(mine.authority.identity(), std::nullopt);
}

TEST(Certificate, is_of_one_authority_and_one_key) {
  const Credentials mine = credentials("first");
  EXPECT_EQ(mine.certificate.verify(demo_authority().certificate).code, X509_V_OK);
  EXPECT_TRUE(mine.certificate.is_of(mine.key));
  EXPECT_FALSE(mine.certificate.is_of(Key::generate()));
  // Of the same name, and yet another.
  EXPECT_NE(mine.certificate.verify(Authority::create("demo").certificate).code, X509_V_OK);
}

TEST(Certificate, has_its_time) {
  const auto code = [](Validity validity) {
    return credentials("first", demo_authority(), "demo", validity)
        .certificate.verify(demo_authority().certificate)
        .code;
  };
  EXPECT_EQ(code(testing::expired), X509_V_ERR_CERT_HAS_EXPIRED);
  EXPECT_EQ(code(testing::not_yet), X509_V_ERR_CERT_NOT_YET_VALID);
  const Credentials mine = credentials("first");
  EXPECT_GT(mine.certificate.seconds_left(), std::int64_t{3600} * 24 * 3600);
}

TEST(Certificate, a_node_cannot_sign_for_others) {
  const Credentials first = credentials("first");
  const Authority pretender{first.key, first.certificate};
  const Certificate forged = pretender.issue({"demo", "witness"}, "w", {}, Key::generate());
  EXPECT_NE(forged.verify(demo_authority().certificate).code, X509_V_OK);
  EXPECT_NE(forged.verify(first.certificate).code, X509_V_OK);
}

TEST(Request, carries_the_public_key_only) {
  const Key key = Key::generate();
  const std::string request = make_request(key);
  EXPECT_EQ(request.find("PRIVATE"), std::string::npos);
  const auto read = key_of_request(request);
  ASSERT_TRUE(read);
  const Certificate signed_certificate = demo_authority().issue({"demo", "second"}, "s2", {}, *read);
  EXPECT_TRUE(signed_certificate.is_of(key));
  EXPECT_EQ(key_of_request("nonsense"), std::nullopt);
  std::string damaged = request;
  damaged[request.size() / 2] = damaged[request.size() / 2] == 'A' ? 'B' : 'A';
  EXPECT_EQ(key_of_request(damaged), std::nullopt);
  // Nobody is asked for a passphrase.
  std::string encrypted = request;
  encrypted.insert(encrypted.find('\n') + 1,
                   "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\n");
  EXPECT_EQ(key_of_request(encrypted), std::nullopt);
}

TEST(Key, survives_its_file) {
  const Key key = Key::generate();
  const auto read = Key::from_pem(key.pem());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->pem(), key.pem());
  EXPECT_EQ(Key::from_pem("nonsense"), std::nullopt);
}

}  // namespace
}  // namespace lockstep::tls
