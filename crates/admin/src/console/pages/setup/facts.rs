//! What the steps are judged by.

use actix_web::web;

use crate::api::{
    AuthorityView, CertificateQuery, CertificateView, ClusterStatus, ManagerView, ParameterView, SecretView, SyncStatus,
};
use crate::console::Visitor;
use crate::error::ApiError;
use crate::resources::{certificate_authorities, certificates, cluster, parameters, secret, sync, transaction_manager};

pub(super) struct Facts {
    pub(super) cluster: ClusterStatus,
    pub(super) secret: SecretView,
    pub(super) authorities: Vec<AuthorityView>,
    pub(super) certificates: Vec<CertificateView>,
    pub(super) managers: Vec<ManagerView>,
    pub(super) sync: SyncStatus,
    parameters: Vec<ParameterView>,
}

impl Facts {
    pub(super) async fn read(visitor: &Visitor) -> Result<Self, ApiError> {
        let admin = || visitor.admin.clone();
        let every_node = web::Query(CertificateQuery::default());
        Ok(Self {
            cluster: cluster::cluster(admin(), visitor.read()?).await.into_inner(),
            secret: secret::show(admin(), visitor.read()?).await.into_inner(),
            authorities: certificate_authorities::list(admin(), visitor.read()?).await.into_inner().items,
            certificates: certificates::list(admin(), visitor.read()?, every_node).await?.into_inner().items,
            managers: transaction_manager::list(admin(), visitor.read()?).await.into_inner().items,
            sync: sync::show(admin(), visitor.read()?).await.into_inner(),
            parameters: parameters::list(admin(), visitor.read()?).await.into_inner().items,
        })
    }

    /// The value in force; empty for a parameter that this version does not know.
    pub(super) fn value(&self, name: &str) -> &str {
        self.parameters.iter().find(|row| row.name == name).map_or("", |row| row.value.as_str())
    }
}
