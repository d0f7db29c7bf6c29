import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import java.util.List;

/** Runs mongo-java-server over a data file, on 127.0.0.1, until SIGTERM. */
public final class Server {

    /**
     * The library's own MongoVersion for 5.0 reports wire version 8, which is MongoDB 4.2's and
     * too old for today's drivers; 13 is what MongoDB 5.0 reports.
     */
    private static final MongoVersion MONGODB_5_0 = new MongoVersion() {
        @Override
        public List<Integer> getVersionArray() {
            return List.of(5, 0, 0);
        }

        @Override
        public int getWireVersion() {
            return 13;
        }
    };

    public static void main(String[] arguments) {
        if (arguments.length != 2) {
            System.err.println("usage: Server PORT DATAFILE");
            System.exit(2);
        }
        H2Backend backend = new H2Backend(arguments[1]);
        backend.version(MONGODB_5_0);
        MongoServer server = new MongoServer(backend);
        Runtime.getRuntime().addShutdownHook(new Thread(server::shutdownNow));
        server.bind("127.0.0.1", Integer.parseInt(arguments[0]));
        System.out.println("ready");
    }
}
