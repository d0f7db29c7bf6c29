// The first start of compose.yaml's MongoDB: the user of docs/operation.md ("A user for edx_assets"), with
// every database, because this server holds nothing else.
db = db.getSiblingDB("admin")
db.createRole({
  "role": "edxAssets",
  "privileges": [{
    "resource": {"db": "", "collection": ""},
    "actions": ["find", "insert", "update", "remove", "listCollections", "createCollection",
                "dropCollection", "createIndex", "renameCollectionSameDB"]
  }],
  "roles": []
})
db.createUser({
  user: "edx_assets",
  pwd: require("fs").readFileSync("/run/secrets/mongo_password", "utf8").trim(),
  roles: ["edxAssets"]
})
