import java.io.FileInputStream;
import java.io.FileReader;
import java.io.FileWriter;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.Security;
import java.security.cert.CertificateFactory;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Set;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.est.ESTAuth;
import org.bouncycastle.est.ESTService;
import org.bouncycastle.est.EnrollmentResponse;
import org.bouncycastle.est.jcajce.JcaHttpAuthBuilder;
import org.bouncycastle.est.jcajce.JcaJceUtils;
import org.bouncycastle.est.jcajce.JsseESTServiceBuilder;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.pkcs.PKCS10CertificationRequest;
import org.bouncycastle.util.Store;

/** Bouncy Castle's EST client (RFC 7030): cacerts, csrattrs, then simpleenroll with HTTP Basic.
 *  usage: BouncyCastleEst HOST:PORT LABEL ROOT.pem CSR.pem USER TOKEN-FILE OUT.pem */
public class BouncyCastleEst {
    public static void main(String[] a) throws Exception {
        Security.addProvider(new BouncyCastleProvider());
        X509Certificate root;
        try (FileInputStream in = new FileInputStream(a[2])) {
            root = (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
        }
        ESTService service = new JsseESTServiceBuilder(a[0], JcaJceUtils.getCertPathTrustManager(
                Set.of(new TrustAnchor(root, null)), null)).withLabel(a[1]).build();
        System.out.println("cacerts " + service.getCACerts().getCertificateStore().getMatches(null).size());

        System.out.println("csrattrs " + service.getCSRAttributes().getAttributesResponse().getRequirements());

        PKCS10CertificationRequest csr;
        try (PEMParser parser = new PEMParser(new FileReader(a[3]))) {
            csr = (PKCS10CertificationRequest) parser.readObject();
        }
        String token = java.nio.file.Files.readString(java.nio.file.Path.of(a[5])).trim();
        ESTAuth auth = new JcaHttpAuthBuilder(null, a[4], token.toCharArray()).build();
        EnrollmentResponse answer = service.simpleEnroll(false, csr, auth);
        Store<X509CertificateHolder> store = answer.getStore();
        try (JcaPEMWriter writer = new JcaPEMWriter(new FileWriter(a[6]))) {
            for (X509CertificateHolder one : store.getMatches(null)) {
                writer.writeObject(one);
            }
        }
        System.out.println("enrolled " + store.getMatches(null).size());
    }
}
